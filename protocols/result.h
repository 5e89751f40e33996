#pragma once
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace edge {

/// Why something the outside world did could not be used.
enum class Errc {
  kMalformed,    ///< bytes or fields do not follow their format
  kOutOfRange,   ///< readable, but beyond a stated limit
  kTooLarge,     ///< longer or deeper than we accept
  kUnsupported,  ///< a version, kind or feature we do not know
  kNotFound,
  kUnavailable,  ///< a peer or device does not answer
  kRefused,      ///< a peer answered no
  kIo,           ///< the operating system or disk failed
  kFull,         ///< no space left
  kCorrupt,      ///< stored data fails its check
};

/// `detail` is one line a technician can act on; it never holds a secret.
struct Error {
  Errc code = Errc::kMalformed;
  std::string detail;
};

/// The one result type of everything but protocols/record (which returns values and flags).
template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string detail) {
  return tl::unexpected<Error>(Error{code, std::move(detail)});
}

}  // namespace edge
