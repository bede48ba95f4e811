#include "services/states/names.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "services/states/errors.h"

namespace escapement::services::states {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (parts.size() < 12) {
    const std::size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  return parts;
}

// The parts of an ARN of this service, from the resource's type on at 5. Errors: InvalidArn.
base::Result<std::vector<std::string_view>> split_arn(std::string_view text) {
  auto parts = split(text);
  if (parts[0] != "arn") return invalid_arn(fmt::format("Invalid ARN prefix: {}", text));
  if (parts.size() < 7) return invalid_arn(fmt::format("Invalid ARN: {}", text));
  if (parts[2] != "states") return invalid_arn(fmt::format("Invalid service in ARN: {}", parts[2]));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].empty()) return invalid_arn(fmt::format("Invalid ARN: {}", text));
  }
  return parts;
}

base::Error wrong_type(std::string_view type) {
  return invalid_arn(fmt::format("Resource type not valid in this context: {}", type));
}

// The code points that AWS refuses, beyond the ASCII ones: controls and Unicode's blanks.
bool is_refused(unsigned char byte) {
  constexpr std::string_view kRefused = " <>{}[]?*\"#%\\^|~`$&,;:/";
  return byte < 0x20 || byte == 0x7f || kRefused.find(static_cast<char>(byte)) != std::string_view::npos;
}

bool has_c1_control(std::string_view name) {
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    if (static_cast<unsigned char>(name[i]) == 0xc2 && static_cast<unsigned char>(name[i + 1]) < 0xa0) return true;
  }
  return false;
}

}  // namespace

base::Result<void> check_name(std::string_view name) {
  if (name.empty() || has_c1_control(name)) return invalid_name(name);
  for (const char c : name) {
    if (is_refused(static_cast<unsigned char>(c))) return invalid_name(name);
  }
  return {};
}

std::string MachineArn::unqualified() const {
  return fmt::format("arn:aws:states:{}:{}:stateMachine:{}", region, account, name);
}

std::string MachineArn::to_string() const {
  return qualifier.empty() ? unqualified() : unqualified() + ':' + qualifier;
}

std::optional<std::uint32_t> MachineArn::version() const {
  std::uint32_t number = 0;
  const char* last = qualifier.data() + qualifier.size();
  const auto [end, error] = std::from_chars(qualifier.data(), last, number);
  if (qualifier.empty() || error != std::errc{} || end != last) return std::nullopt;
  return number;
}

base::Result<MachineArn> parse_machine_arn(std::string_view text) {
  ESC_TRY(const auto parts, split_arn(text));
  if (parts[5] != "stateMachine") return wrong_type(parts[5]);
  if (parts.size() > 8) return invalid_arn(fmt::format("Invalid ARN: {}", text));
  MachineArn arn{std::string(parts[3]), std::string(parts[4]), std::string(parts[6]), {}};
  if (parts.size() == 8) arn.qualifier = parts[7];
  return arn;
}

std::string ActivityArn::to_string() const {
  return fmt::format("arn:aws:states:{}:{}:activity:{}", region, account, name);
}

base::Result<ActivityArn> parse_activity_arn(std::string_view text) {
  ESC_TRY(const auto parts, split_arn(text));
  if (parts[5] != "activity") return wrong_type(parts[5]);
  if (parts.size() != 7) return invalid_arn(fmt::format("Invalid ARN: {}", text));
  return ActivityArn{std::string(parts[3]), std::string(parts[4]), std::string(parts[6])};
}

base::Result<engine::ExecutionArn> parse_execution_arn(std::string_view text) {
  ESC_TRY(const auto parts, split_arn(text));
  if (parts[5] != "execution") return wrong_type(parts[5]);
  if (parts.size() != 8) return invalid_arn(fmt::format("Invalid ARN: {}", text));
  return engine::ExecutionArn::parse(text);
}

}  // namespace escapement::services::states
