#include "services/lambda/listing.h"

#include <algorithm>

#include "base/codec.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {

Answer page_of(const wire::Call& call, std::string_view member, std::vector<ListedItem> items, std::size_t page_max) {
  const bool downwards = items.size() > 1 && items.front().key > items.back().key;
  const std::string marker = base::from_base64(member_text(call.input, "Marker")).value_or(std::string());
  auto next = items.begin();
  if (!marker.empty()) {
    next = std::ranges::find_if(
        items, [&](const ListedItem& entry) { return downwards ? entry.key < marker : entry.key > marker; });
  }
  const auto asked = std::max<std::int64_t>(number(call.input, "MaxItems").value_or(INT64_MAX), 1);
  const std::size_t size = std::min(page_max, static_cast<std::size_t>(asked));
  Page page;
  for (; next != items.end() && page.items.size() < size; ++next) page.items.push_back(std::move(next->item));
  if (next != items.end()) page.next_marker = base::to_base64(std::prev(next)->key);
  return page_answer(member, std::move(page));
}

}  // namespace escapement::services::lambda
