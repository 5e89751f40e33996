#include "tests/tools/fault_sink/batch.h"

#include <zlib.h>

#include <array>

namespace edge::sink {
namespace {

/// The text of a member of this record. A quote inside a text is escaped, so the name found is always a member's.
std::string_view member(std::string_view record, std::string_view marker) {
  const auto at = record.find(marker);
  if (at == record.npos) return {};
  const auto begin = at + marker.size();
  return record.substr(begin, record.find('"', begin) - begin);
}

Record record_of(std::string_view text) {
  Record out;
  out.kind = member(text, R"({"kind":")");
  out.uid = member(text, R"("uid":")");
  out.device = member(text, R"("device":")");
  if (out.kind == "observation") {
    out.digest = member(text, R"("raw_sha256":")");
  } else if (out.kind == "weighing") {
    out.device = member(text, R"("scale":")");
    out.digest = member(text, R"(,"hash":")");
  } else if (out.kind == "scale_ticket") {
    out.device = member(text, R"("scale":")");
    out.digest = member(text, R"("number":")");
  }
  return out;
}

}  // namespace

std::vector<Record> records_of(std::string_view batch) {
  constexpr std::string_view kBegin = R"({"kind":")";
  std::vector<Record> out;
  for (auto at = batch.find(kBegin); at != batch.npos;) {
    const auto next = batch.find(kBegin, at + kBegin.size());
    out.push_back(record_of(batch.substr(at, next - at)));
    at = next;
  }
  return out;
}

std::optional<std::string> inflate_batch(std::string_view body) {
  constexpr int kGzip = 15 + 16;
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // zlib's type; it only reads
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  std::array<char, 65536> part{};
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = part.size();
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(part.data(), part.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END) return std::nullopt;
  return out;
}

}  // namespace edge::sink
