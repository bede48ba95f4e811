// Pages of listings whose entries are few enough to be gathered whole.
//
// A marker tells the last entry's key, so that entries may come and go between two pages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/lambda/operations.h"

namespace escapement::services::lambda {

struct ListedItem {
  std::string key;
  json::Value item;
};

constexpr std::size_t kListingPageMax = 50;  // the most that AWS gives, whatever is asked for

// The page that the call's Marker and MaxItems ask for. `items` are sorted by their keys, upwards or downwards.
Answer page_of(const wire::Call& call, std::string_view member, std::vector<ListedItem> items,
               std::size_t page_max = kListingPageMax);

}  // namespace escapement::services::lambda
