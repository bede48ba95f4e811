#include "store/catalog.h"

namespace escapement::store {

std::optional<std::string_view> Catalog::View::get(std::string_view key) const {
  const auto found = content_->find(key);
  if (found == content_->end()) return std::nullopt;
  return *found->second;
}

void Catalog::View::scan(std::string_view prefix, const std::function<bool(std::string_view, std::string_view)>& visit,
                         std::string_view after) const {
  auto at = after > prefix ? content_->upper_bound(after) : content_->lower_bound(prefix);
  for (; at != content_->end() && at->first.starts_with(prefix); ++at) {
    if (!visit(at->first, *at->second)) return;
  }
}

std::size_t Catalog::View::count(std::string_view prefix) const {
  std::size_t n = 0;
  scan(prefix, [&](auto, auto) { return ++n > 0; });
  return n;
}

base::Result<std::unique_ptr<Catalog>> Catalog::open(Store& store, std::string root) {
  auto content = std::make_shared<View::Content>();
  const auto cursor = store.cursor(root, prefix_end(root));
  for (cursor->seek(root); cursor->valid(); cursor->next()) {
    content->emplace(cursor->key().substr(root.size()), std::make_shared<const std::string>(cursor->value()));
  }
  ESC_CHECK(cursor->status());
  View view;
  view.content_ = std::move(content);
  return std::unique_ptr<Catalog>(new Catalog(store, std::move(root), std::move(view)));
}

Catalog::View Catalog::view() const {
  const std::lock_guard lock(content_mutex_);
  return content_;
}

base::Result<void> Catalog::update(const std::function<base::Result<void>(CatalogTransaction&)>& change) {
  const std::lock_guard serialised(update_mutex_);
  CatalogTransaction transaction(view());
  ESC_CHECK(change(transaction));
  if (transaction.writes_.empty()) return {};

  auto batch = store_.new_batch();
  auto content = std::make_shared<View::Content>(*transaction.base_.content_);
  for (auto& [key, value] : transaction.writes_) {
    if (value) {
      batch->put(root_ + key, *value);
      (*content)[key] = std::make_shared<const std::string>(std::move(*value));
    } else {
      batch->erase(root_ + key);
      content->erase(key);
    }
  }
  ESC_CHECK(store_.commit(*batch));
  const std::lock_guard lock(content_mutex_);
  content_.content_ = std::move(content);
  return {};
}

std::optional<std::string> CatalogTransaction::get(std::string_view key) const {
  if (const auto written = writes_.find(key); written != writes_.end()) return written->second;
  const auto stored = base_.get(key);
  return stored ? std::optional<std::string>(*stored) : std::nullopt;
}

void CatalogTransaction::put(std::string_view key, std::string_view value) {
  writes_.insert_or_assign(std::string(key), std::string(value));
}

void CatalogTransaction::erase(std::string_view key) { writes_.insert_or_assign(std::string(key), std::nullopt); }

void CatalogTransaction::scan(std::string_view prefix,
                              const std::function<bool(std::string_view, std::string_view)>& visit) const {
  // Two ordered sequences merged; where both have a key, this transaction's own write is what counts.
  auto written = writes_.lower_bound(prefix);
  const auto visit_written_before = [&](std::string_view stop, bool bounded) {
    while (written != writes_.end() && written->first.starts_with(prefix) && (!bounded || written->first < stop)) {
      if (written->second && !visit(written->first, *written->second)) return false;
      ++written;
    }
    return true;
  };
  bool go_on = true;
  base_.scan(prefix, [&](std::string_view key, std::string_view value) {
    if (!visit_written_before(key, true)) return go_on = false;
    if (written != writes_.end() && written->first == key) {
      const bool kept = !written->second || visit(key, *written->second);
      ++written;
      return go_on = kept;
    }
    return go_on = visit(key, value);
  });
  if (go_on) visit_written_before({}, false);
}

}  // namespace escapement::store
