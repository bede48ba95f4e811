// The query protocol's answer: a Value as XML, through the model.
#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "wire/model.h"

namespace escapement::wire {

// Escapes markup, quotes and the characters that XML 1.0 cannot hold otherwise (those are dropped).
void append_xml_text(std::string& out, std::string_view text);
// <name>text</name>
void append_xml_element(std::string& out, std::string_view name, std::string_view text);
// The members of a structure, each as an element; nulls and what the model does not know are left out.
void append_xml_members(std::string& out, const json::Value& value, const Shape& shape);

}  // namespace escapement::wire
