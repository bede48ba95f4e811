#include "engine/ids.h"

#include <fmt/format.h>

#include <charconv>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/digest.h"

namespace escapement::engine {
namespace {

using base::ErrorCode;
using base::make_error;

constexpr std::int64_t kEpochMs = 1'577'836'800'000;  // 2020-01-01T00:00:00Z
constexpr std::size_t kTokenMacBytes = 16;

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

base::Error invalid_arn(std::string_view text) {
  return make_error(ErrorCode::invalid, "InvalidArn", fmt::format("Invalid Arn: 'Invalid ARN prefix: {}'", text));
}

}  // namespace

base::Timestamp ExecutionId::made() const {
  return base::Timestamp::from_ms(static_cast<std::int64_t>(bits >> 24) + kEpochMs);
}

ExecutionId IdSequence::next(store::PartitionId partition, base::Timestamp now) {
  const auto ms = static_cast<std::uint64_t>(now.ms() - kEpochMs);
  last_time_and_sequence_ = std::max(last_time_and_sequence_ + 1, ms << 12);
  return {last_time_and_sequence_ >> 12 << 24 | std::uint64_t{partition} << 12 | (last_time_and_sequence_ & 0xfff)};
}

void IdSequence::skip_past(ExecutionId id) {
  last_time_and_sequence_ = std::max(last_time_and_sequence_, id.bits >> 24 << 12 | 0xfff);
}

std::uint64_t NameCodec::check_bits(ExecutionId id) const { return mix(mix(id.bits ^ secret_) + secret_); }

std::string NameCodec::name_of(ExecutionId id) const {
  const std::uint64_t check = check_bits(id);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id.bits >> 32, id.bits >> 16 & 0xffff, id.bits & 0xffff,
                     check >> 48, check & 0xffff'ffff'ffffull);
}

std::optional<ExecutionId> NameCodec::id_of(std::string_view name) const {
  if (name.size() != 36 || name[8] != '-' || name[13] != '-' || name[18] != '-') return std::nullopt;
  ExecutionId id;
  for (const auto& [at, digits] : {std::pair{0, 8}, {9, 4}, {14, 4}}) {
    std::uint64_t part = 0;
    const char* first = name.data() + at;
    if (const auto [end, error] = std::from_chars(first, first + digits, part, 16);
        error != std::errc{} || end != first + digits) {
      return std::nullopt;
    }
    id.bits = id.bits << (digits * 4) | part;
  }
  return name_of(id) == name ? std::optional(id) : std::nullopt;
}

std::string TaskTokens::token(const TaskKey& task) const {
  std::string bytes;
  base::ByteWriter writer(bytes);
  writer.u64_be(task.execution.bits);
  writer.u32_be(task.task.frame);
  writer.u32_be(task.task.attempt);
  bytes.append(base::as_bytes(base::hmac_sha256(key_, bytes)).substr(0, kTokenMacBytes));
  return base::to_base64(bytes);
}

base::Result<TaskKey> TaskTokens::parse(std::string_view token) const {
  const auto invalid = [] { return make_error(ErrorCode::invalid, "InvalidToken", "Invalid Token: 'Invalid token'"); };
  const auto bytes = base::from_base64(token);
  if (!bytes || bytes->size() != 16 + kTokenMacBytes) return invalid();
  const std::string_view body = std::string_view(*bytes).substr(0, 16);
  const auto mac = base::hmac_sha256(key_, body);
  if (!base::equal_constant_time(base::as_bytes(mac).substr(0, kTokenMacBytes), std::string_view(*bytes).substr(16)))
    return invalid();
  base::ByteReader reader(body);
  TaskKey task;
  task.execution.bits = reader.u64_be();
  task.task.frame = reader.u32_be();
  task.task.attempt = reader.u32_be();
  return task;
}

std::string ExecutionArn::to_string() const {
  if (express)
    return fmt::format("arn:aws:states:{}:{}:express:{}:{}:{}", region, account, machine_name, name, express_id);
  return fmt::format("arn:aws:states:{}:{}:execution:{}:{}", region, account, machine_name, name);
}

base::Result<ExecutionArn> ExecutionArn::parse(std::string_view text) {
  std::string_view rest = text;
  std::string_view parts[9];
  std::size_t count = 0;
  while (count < 9) {
    const std::size_t colon = rest.find(':');
    parts[count++] = rest.substr(0, colon);
    if (colon == std::string_view::npos) {
      rest = {};
      break;
    }
    rest.remove_prefix(colon + 1);
  }
  const bool express = count == 9 && parts[5] == "express";
  const bool standard = count == 8 && parts[5] == "execution";
  if (!rest.empty() || (!express && !standard) || parts[0] != "arn" || parts[2] != "states") return invalid_arn(text);
  for (std::size_t i = 3; i < count; ++i) {
    if (parts[i].empty()) return invalid_arn(text);
  }
  ExecutionArn arn;
  arn.region = parts[3];
  arn.account = parts[4];
  arn.machine_name = parts[6];
  arn.name = parts[7];
  arn.express = express;
  if (express) arn.express_id = parts[8];
  return arn;
}

}  // namespace escapement::engine
