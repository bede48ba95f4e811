#include "identity/sessions.h"

#include <algorithm>

#include "base/codec.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/random.h"
#include "identity/ids.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::identity {
namespace {

using base::Result;
using json::Value;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kRandomSize = 10;
constexpr std::size_t kCheckSize = 6;

std::string table_key(char kind, std::string_view rest = {}) {
  std::string key{kSessionTable, kind};
  return key.append(rest);
}

std::string expiry_prefix(base::Timestamp at) {
  std::string bytes(8, '\0');
  auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(at.ms(), 0));
  for (std::size_t i = 8; i-- > 0; ms >>= 8) bytes[i] = static_cast<char>(ms & 0xff);
  return table_key('x', bytes);
}

Value map_value(const std::map<std::string, std::string>& map) {
  json::ObjectBuilder out;
  for (const auto& [key, value] : map) out.set(key, value);
  return std::move(out).build();
}

Value list_value(const std::vector<std::string>& texts) {
  return Value::array(std::vector<Value>(texts.begin(), texts.end()));
}

std::string encode(const Session& session) {
  const Credentials& credentials = *session.credentials;
  const Principal& principal = *credentials.principal;
  return json::print(Value::object({{"type", static_cast<int>(principal.type)},
                                    {"account", principal.account},
                                    {"arn", principal.arn},
                                    {"user_id", principal.user_id},
                                    {"key", principal.access_key_id},
                                    {"role_arn", principal.role_arn},
                                    {"policies", list_value(principal.session_policies)},
                                    {"tags", map_value(principal.tags)},
                                    {"secret", credentials.secret_access_key},
                                    {"token", credentials.session_token},
                                    {"expires", credentials.expiration.value_or(base::Timestamp{}).ms()},
                                    {"issued", session.issued.ms()},
                                    {"transitive", list_value(session.transitive_tags)},
                                    {"session_tags", map_value(session.session_tags)},
                                    {"source_identity", session.source_identity}}));
}

std::int64_t number_of(const Value& record, std::string_view name) {
  const Value* value = record.find(name);
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

std::vector<std::string> texts_of(const Value& record, std::string_view name) {
  std::vector<std::string> out;
  const Value* value = record.find(name);
  if (value == nullptr || !value->is_array()) return out;
  for (const Value& item : value->items()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

std::map<std::string, std::string> map_of(const Value& record, std::string_view name) {
  std::map<std::string, std::string> out;
  const Value* value = record.find(name);
  if (value == nullptr || !value->is_object()) return out;
  for (const auto& [key, item] : value->members()) {
    if (item.is_string()) out.emplace(key, item.as_string());
  }
  return out;
}

std::shared_ptr<const Session> decode(std::string_view text) {
  const auto record = json::parse(text);
  if (!record || !record->is_object() || member_text(*record, "secret").empty()) {
    base::log(base::LogLevel::error, "identity", "a stored session cannot be read and is ignored");
    return nullptr;
  }
  auto principal = std::make_shared<Principal>();
  principal->type = static_cast<Principal::Type>(number_of(*record, "type"));
  principal->account = member_text(*record, "account");
  principal->arn = member_text(*record, "arn");
  principal->user_id = member_text(*record, "user_id");
  principal->access_key_id = member_text(*record, "key");
  principal->role_arn = member_text(*record, "role_arn");
  principal->session_policies = texts_of(*record, "policies");
  principal->tags = map_of(*record, "tags");
  auto credentials = std::make_shared<Credentials>();
  credentials->principal = std::move(principal);
  credentials->secret_access_key = member_text(*record, "secret");
  credentials->session_token = member_text(*record, "token");
  credentials->expiration = base::Timestamp::from_ms(number_of(*record, "expires"));
  auto session = std::make_shared<Session>();
  session->credentials = std::move(credentials);
  session->issued = base::Timestamp::from_ms(number_of(*record, "issued"));
  session->transitive_tags = texts_of(*record, "transitive");
  session->session_tags = map_of(*record, "session_tags");
  session->source_identity = member_text(*record, "source_identity");
  return session;
}

std::string checksum(std::string_view key, std::string_view random) {
  const auto digest = base::hmac_sha256(key, random);
  std::string out;
  for (std::size_t i = 0; i < kCheckSize; ++i) out += kAlphabet[digest[i] % kAlphabet.size()];
  return out;
}

}  // namespace

Result<std::unique_ptr<Sessions>> Sessions::open(store::Store& store) {
  ESC_TRY(auto key, store.get(table_key('k')));
  if (!key) {
    key = base::random_text(32, kAlphabet);
    const auto batch = store.new_batch();
    batch->put(table_key('k'), *key);
    ESC_CHECK(store.commit(*batch));
  }
  return std::unique_ptr<Sessions>(new Sessions(store, std::move(*key)));
}

std::string Sessions::new_id() const {
  const std::string random = base::random_text(kRandomSize, kAlphabet);
  return std::string(kSessionKeyPrefix) + random + checksum(key_, random);
}

bool Sessions::is_own_id(std::string_view id) const {
  if (id.size() != kSessionKeyPrefix.size() + kRandomSize + kCheckSize || !id.starts_with(kSessionKeyPrefix))
    return false;
  id.remove_prefix(kSessionKeyPrefix.size());
  return base::equal_constant_time(id.substr(kRandomSize), checksum(key_, id.substr(0, kRandomSize)));
}

void Sessions::purge(store::Batch& batch, base::Timestamp now) {
  const auto cursor = store_.cursor(table_key('x'), expiry_prefix(now));
  int left = kPurgedAtOnce;
  for (cursor->seek(table_key('x')); cursor->valid() && left > 0; cursor->next(), --left) {
    const std::string_view key = cursor->key();
    const std::string_view id = key.substr(10);
    batch.erase(key);
    batch.erase(table_key('s', id));
    const std::lock_guard lock(mutex_);
    cache_.erase(std::string(id));
  }
}

void Sessions::remember(std::string_view id, std::shared_ptr<const Session> session) const {
  const std::lock_guard lock(mutex_);
  if (cache_.size() >= kCacheMax) cache_.erase(cache_.begin());
  cache_.insert_or_assign(std::string(id), std::move(session));
}

Result<std::shared_ptr<const Session>> Sessions::issue(Session session, base::Timestamp now) {
  auto principal = std::make_shared<Principal>(*session.credentials->principal);
  principal->access_key_id = new_id();
  const std::string id = principal->access_key_id;
  auto credentials = std::make_shared<Credentials>(*session.credentials);
  credentials->principal = std::move(principal);
  credentials->secret_access_key = new_secret_access_key();
  credentials->session_token = new_session_token();
  session.credentials = credentials;
  session.issued = now;

  const auto batch = store_.new_batch();
  purge(*batch, now);
  batch->put(table_key('s', id), encode(session));
  batch->put(expiry_prefix(credentials->expiration.value_or(now)) + id, {});
  ESC_CHECK(store_.commit(*batch));
  auto issued = std::make_shared<const Session>(std::move(session));
  remember(id, issued);
  return issued;
}

std::shared_ptr<const Session> Sessions::find(std::string_view access_key_id) const {
  if (!is_own_id(access_key_id)) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(std::string(access_key_id));
    if (found != cache_.end()) return found->second;
  }
  const auto text = store_.get(table_key('s', access_key_id));
  if (!text || !*text) return nullptr;
  auto session = decode(**text);
  if (session != nullptr) remember(access_key_id, session);
  return session;
}

}  // namespace escapement::identity
