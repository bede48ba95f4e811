// The flat XML of S3's answers: repeated elements whose children hold text, and single fields beside them. Read by
// expat, bounded in depth; entities beyond XML's own five are refused, so an answer cannot expand.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace escapement::connectors {

using XmlRecord = std::map<std::string, std::string, std::less<>>;

struct XmlRecords {
  std::vector<XmlRecord> records;  // one for each element named as asked for, be it the root: child -> text
  XmlRecord fields;                // the root's other children that hold text
};

// Errors: corrupt (not XML, or deeper than such answers are).
base::Result<XmlRecords> read_xml_records(std::string_view xml, std::string_view element);

}  // namespace escapement::connectors
