// For tests that are not about permissions: everybody may do everything, as whom they like.
#pragma once

#include "identity/authoriser.h"

namespace escapement::identity {

class AllowAll : public Authoriser {
 public:
  base::Result<void> authorise(const Principal&, std::string_view, std::string_view,
                               const RequestContext&) const override {
    return {};
  }
  base::Result<void> authorise_pass_role(const Principal&, std::string_view, std::string_view,
                                         const RequestContext&) const override {
    return {};
  }
  base::Result<std::shared_ptr<const Principal>> assume_for_service(std::string_view, std::string_view,
                                                                    std::string_view,
                                                                    const RequestContext&) const override {
    return std::make_shared<const Principal>();
  }
};

}  // namespace escapement::identity
