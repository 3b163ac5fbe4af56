#include "spec/error_value.h"

namespace tomograd {
namespace {

std::string words_of(const Value& value, const char* key) {
  const Value* found = value.find(key);
  return found && found->is_text() ? found->as_text() : "";
}

}  // namespace

Value error_value(const Error& error) {
  Value value = Value::table();
  value["kind"] = error_kind_name(error.kind());
  value["message"] = error.message();
  Value::List context;
  for (const auto& where : error.context())
    if (!where.empty()) context.push_back(where);
  value["context"] = std::move(context);
  value["hint"] = error.hint();
  return value;
}

Error error_from(const Value& value) {
  ErrorKind kind = ErrorKind::failure;
  for (ErrorKind one : {ErrorKind::input, ErrorKind::usage, ErrorKind::failure, ErrorKind::budget, ErrorKind::stopped, ErrorKind::conflict})
    if (words_of(value, "kind") == error_kind_name(one)) kind = one;
  Error error(kind, words_of(value, "message"), words_of(value, "hint"));
  if (const Value* context = value.find("context"); context && context->is_list())
    for (const auto& where : context->as_list())
      if (where.is_text()) error.add_context(where.as_text());
  return error;
}

}  // namespace tomograd
