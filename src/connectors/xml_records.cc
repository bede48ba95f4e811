#include "connectors/xml_records.h"

#include <expat.h>

#include <climits>
#include <memory>

namespace escapement::connectors {
namespace {

constexpr int kDepthMax = 8;

struct Reading {
  XML_Parser parser = nullptr;
  std::string_view element;
  XmlRecords found;
  int depth = 0;         // of the element that is open
  int record_depth = 0;  // of the record that is open; 0: none
  std::string text;

  void stop() { XML_StopParser(parser, XML_FALSE); }
};

std::string_view local_name(const XML_Char* name) {
  const std::string_view whole(name);
  const std::size_t colon = whole.rfind(':');
  return colon == std::string_view::npos ? whole : whole.substr(colon + 1);
}

void on_start(void* data, const XML_Char* name, const XML_Char**) {
  auto& reading = *static_cast<Reading*>(data);
  if (++reading.depth > kDepthMax) return reading.stop();
  reading.text.clear();
  if (reading.record_depth == 0 && local_name(name) == reading.element) {
    reading.record_depth = reading.depth;
    reading.found.records.emplace_back();
  }
}

void on_end(void* data, const XML_Char* name) {
  auto& reading = *static_cast<Reading*>(data);
  if (reading.depth == reading.record_depth) {
    reading.record_depth = 0;
  } else if (reading.record_depth != 0 && reading.depth == reading.record_depth + 1) {
    reading.found.records.back()[std::string(local_name(name))] = reading.text;
  } else if (reading.record_depth == 0 && reading.depth == 2) {
    reading.found.fields[std::string(local_name(name))] = reading.text;
  }
  reading.text.clear();
  --reading.depth;
}

void on_text(void* data, const XML_Char* text, int length) {
  static_cast<Reading*>(data)->text.append(text, static_cast<std::size_t>(length));
}

void on_entity(void* data, const XML_Char*, int, const XML_Char*, int, const XML_Char*, const XML_Char*,
               const XML_Char*, const XML_Char*) {
  static_cast<Reading*>(data)->stop();
}

}  // namespace

base::Result<XmlRecords> read_xml_records(std::string_view xml, std::string_view element) {
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate(nullptr), &XML_ParserFree);
  Reading reading;
  reading.parser = parser.get();
  reading.element = element;
  XML_SetUserData(parser.get(), &reading);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetEntityDeclHandler(parser.get(), on_entity);
  if (xml.size() > INT_MAX ||
      XML_Parse(parser.get(), xml.data(), static_cast<int>(xml.size()), XML_TRUE) != XML_STATUS_OK) {
    return base::make_error(base::ErrorCode::corrupt, "the answer of an S3 endpoint is not the XML that was expected");
  }
  return std::move(reading.found);
}

}  // namespace escapement::connectors
