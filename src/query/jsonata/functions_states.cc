// The functions that Step Functions adds to JSONata ("JSONata functions provided by Step Functions"). Numbers are
// rounded towards zero; what AWS answers with nothing is undefined here.
#include <cmath>
#include <cstdint>

#include "base/codec.h"
#include "base/digest.h"
#include "base/random.h"
#include "json/parse.h"
#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/render.h"

namespace escapement::query::jsonata {
namespace {

constexpr double kRangeItemsMax = 360'145;  // measured on AWS, which refuses one more

Value partition(const Call& call) {
  if (!call[0].is_array() || !call[1].is_number()) return {};
  Evaluation& evaluation = call.evaluation;
  const ArrayView items(call[0]);
  const double size = std::trunc(call[1].number());
  if (size < 0) {
    Failure failure = Failure::of("T0410", for_message(call[1]));
    failure.index = 2;
    throw failure;
  }
  if (!(size >= 1) || items.size() == 0) return {};
  const std::size_t chunk_size =
      size >= static_cast<double>(items.size()) ? items.size() : static_cast<std::size_t>(size);
  const Value chunks = evaluation.array();
  for (std::size_t i = 0; i < items.size(); i += chunk_size) {
    const Value chunk = evaluation.array();
    for (std::size_t j = i; j < std::min(i + chunk_size, items.size()); ++j) evaluation.push(chunk, items[j]);
    evaluation.charge(1 + chunk_size);
    evaluation.push(chunks, chunk);
  }
  return chunks;
}

Value range(const Call& call) {
  if (!call[0].is_number() || !call[1].is_number() || !call[2].is_number()) return {};
  Evaluation& evaluation = call.evaluation;
  const double start = std::trunc(call[0].number());
  const double end = std::trunc(call[1].number());
  const double step = std::trunc(call[2].number());
  if (step == 0 || !std::isfinite(start) || !std::isfinite(end) || !std::isfinite(step)) return {};
  const double count = std::floor((end - start) / step) + 1;
  if (!(count >= 1)) return {};
  if (count > kRangeItemsMax) fail_out_of_memory();
  const Value result = evaluation.sequence();
  evaluation.charge(static_cast<std::uint64_t>(count));
  for (double i = 0; i < count; ++i) evaluation.push(result, Value::of(start + i * step));
  return result;
}

Value hash(const Call& call) {
  if (!call[0].is_string() || !call[1].is_string()) return {};
  call.evaluation.charge(call[0].text().size() / 16);
  const auto digest = base::digest(call[1].text(), call[0].text());
  if (digest) return call.evaluation.text(base::to_hex(*digest));
  Failure failure = Failure::of("T0410", for_message(call[1]));
  failure.index = 2;
  throw failure;
}

// The first nextDouble() of java.util.Random, which is what AWS answers for a seed.
double seeded_random(std::int64_t seed) {
  constexpr std::uint64_t kMultiplier = 0x5deece66d;
  constexpr std::uint64_t kMask = (std::uint64_t{1} << 48) - 1;
  std::uint64_t state = (static_cast<std::uint64_t>(seed) ^ kMultiplier) & kMask;
  const auto next = [&](int bits) {
    state = (state * kMultiplier + 0xb) & kMask;
    return state >> (48 - bits);
  };
  const std::uint64_t high = next(26);
  return static_cast<double>((high << 27) + next(27)) * 0x1.0p-53;
}

Value random(const Call& call) {
  if (!call[0].is_number()) return Value::of(call.evaluation.environment().generator.uniform());
  const double seed = std::trunc(call[0].number());
  constexpr double kLimit = 9.2e18;
  if (!(std::fabs(seed) < kLimit)) return Value::of(seeded_random(seed > 0 ? INT64_MAX : INT64_MIN));
  return Value::of(seeded_random(static_cast<std::int64_t>(seed)));
}

Value uuid(const Call& call) {
  return call.evaluation.text(base::seeded_uuid(call.evaluation.environment().generator));
}

// The value lives in the evaluation like any other.
Value parse(const Call& call) {
  if (!call[0].is_string()) return {};
  call.evaluation.charge(call[0].text().size() / 16);
  const auto parsed = json::parse(call[0].text());
  if (!parsed)
    throw Failure::with_text("D3120", "Syntax error in text passed to function parse: " + parsed.error().message);
  return call.evaluation.adopt(*parsed);
}

constexpr NativeFunction kFunctions[] = {
    {"partition", "<an:a>", 2, partition}, {"range", "<nnn?:a>", 3, range}, {"hash", "<ss?:s>", 2, hash},
    {"random", "<n?:n>", 1, random},       {"uuid", "<:s>", 0, uuid},       {"parse", "<s:x>", 1, parse},
};

}  // namespace

std::span<const NativeFunction> states_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
