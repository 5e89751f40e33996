#pragma once
#include "protocols/scale/decoder.h"

/// The profiles each family's .cc defines; registry.cc lists them.
namespace edge::scale {

extern const Profile kToledo;  ///< Mettler-Toledo continuous, long form, checksum
extern const Profile kToledoNoChecksum;
extern const Profile kToledoShort;  ///< without tare, checksum
extern const Profile kToledoShortNoChecksum;
extern const Profile kAnd;       ///< A&D "ST,GS,+0038440kg"
extern const Profile kDini;      ///< Dini Argeo "ST,GS,   38440,kg"
extern const Profile kDini3590;  ///< the same with numbers 10 wide
extern const Profile kCas;       ///< CAS 22 bytes with lamp byte

}  // namespace edge::scale
