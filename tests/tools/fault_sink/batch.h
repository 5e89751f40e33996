#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edge::sink {

/// What the count needs of one record.
struct Record {
  std::string_view kind, uid, device;
  std::string_view digest;  ///< raw_sha256 of an observation, hash of a weighing, number of a ticket; else empty
};

/// The records of a batch as the agent writes it, in order. Looks for the members alone and checks nothing else: a
/// sink that costs little. `batch` must outlive the answer.
std::vector<Record> records_of(std::string_view batch);

/// The body of application/vnd.edge.batch+gzip; nullopt where it is no gzip.
std::optional<std::string> inflate_batch(std::string_view body);

}  // namespace edge::sink
