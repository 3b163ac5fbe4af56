// What routes answer, said beside the functions that make it, in a notation as short as the answers themselves:
//
//   Level { level: integer, size_zyx: zyx, stored: boolean }
//   Volume { format: 'tomograd.volume/1', levels: Level[], labels: text[], label_volumes?: id[] }
//   Zyx = [integer, integer, integer]
//
// Types: integer, number, text, boolean, null, any, object, 'a literal', a name, { fields }, [a, b] (exactly these), record<T> (any keys),
// T[] and T | U. A field with "?" may be missing; no other fields than these are there. ...Name, among fields: those of Name, declared before. JSON Schemas (2020-12) are made of it, which stand
// in docs/openapi.json; every answer that a test of this room gets is held to them (answer_check.h).
#pragma once

#include <string>
#include <vector>

#include "spec/value.h"

namespace tomograd {

class AnswerShapes {
 public:
  void declare(const std::string& text);         // Error(failure) with the line: what is not understood, a name that is there already
  const Value& schemas() const { return schemas_; }  // of each name, in the order of declaration
  void check_names() const;                      // Error(failure): a name that is used and was never declared
  void use(const std::string& name) { used_.push_back(name); }

 private:
  Value schemas_ = Value::table();
  std::vector<std::string> used_;
};

}  // namespace tomograd
