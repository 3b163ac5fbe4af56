#include "server/answer_shapes.h"

#include <cctype>
#include <map>

#include "base/error.h"

namespace tomograd {
namespace {

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

class ShapeReader {
 public:
  ShapeReader(const std::string& text, Value& schemas, std::vector<std::string>& used) : text_(text), schemas_(schemas), used_(used) {}

  void read() {
    while (next() != '\0') {
      const std::string name = word();
      if (schemas_.find(name)) fail_here("'" + name + "' is declared already");
      Value schema = next() == '{' ? fields() : (expect('='), type());
      schemas_[name] = std::move(schema);
    }
  }

 private:
  [[noreturn]] void fail_here(const std::string& what) const {
    const std::string before = text_.substr(0, at_);
    fail_failure("a shape of answers: " + what + ", at '" + text_.substr(std::min(before.rfind('\n') + 1, at_), 60) + "'");
  }

  char next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char c) {
    if (next() != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail_here(std::string("expected '") + c + "'");
  }

  std::string word() {
    next();
    const size_t begin = at_;
    while (at_ < text_.size() && in_name(text_[at_])) ++at_;
    if (begin == at_) fail_here("expected a name");
    return text_.substr(begin, at_ - begin);
  }

  Value fields() {
    expect('{');
    Value schema = Value::table(), properties = Value::table();
    Value::List required;
    while (!take('}')) {
      if (next() == '.') {
        take_fields_of_another(properties, required);
        continue;
      }
      const std::string name = word();
      if (properties.find(name)) fail_here("'" + name + "' is there twice");
      if (!take('?')) required.emplace_back(name);
      expect(':');
      properties[name] = type();
      if (!take(',') && next() != '}') fail_here("expected ',' or '}'");
    }
    schema["type"] = "object", schema["properties"] = std::move(properties), schema["required"] = std::move(required), schema["additionalProperties"] = false;
    return schema;
  }

  void take_fields_of_another(Value& properties, Value::List& required) {
    if (text_.compare(at_, 3, "...") != 0) fail_here("expected '...'");
    at_ += 3;
    const Value* other = schemas_.find(word());
    if (!other || !other->find("properties")) fail_here("expected the name of fields that were declared before");
    for (const auto& [name, schema] : other->at("properties").as_table()) properties[name] = schema;
    for (const Value& name : other->at("required").as_list()) required.push_back(name);
    if (!take(',') && next() != '}') fail_here("expected ',' or '}'");
  }

  Value type() {
    Value::List choices{listed()};
    while (take('|')) choices.push_back(listed());
    return choices.size() == 1 ? std::move(choices[0]) : joined(std::move(choices));
  }

  // Words become one enum, plain types one list of types.
  static Value joined(Value::List choices) {
    Value::List words, types;
    for (const auto& choice : choices) {
      if (const Value* one = choice.find("const")) words.push_back(*one);
      if (const Value* one = choice.find("type"); one && one->is_text() && choice.as_table().size() == 1) types.push_back(*one);
    }
    Value schema = Value::table();
    if (words.size() == choices.size()) schema["type"] = "string", schema["enum"] = std::move(words);
    else if (types.size() == choices.size()) schema["type"] = std::move(types);
    else schema["anyOf"] = std::move(choices);
    return schema;
  }

  Value listed() {
    Value schema = one();
    while (next() == '[' && at_ + 1 < text_.size() && text_[at_ + 1] == ']') {
      at_ += 2;
      Value list = Value::table();
      list["type"] = "array", list["items"] = std::move(schema);
      schema = std::move(list);
    }
    return schema;
  }

  Value one() {
    Value schema = Value::table();
    if (next() == '{') return fields();
    if (take('(')) {
      schema = type();
      expect(')');
      return schema;
    }
    if (take('\'')) {
      const size_t end = text_.find('\'', at_);
      if (end == std::string::npos) fail_here("a literal without its end");
      schema["const"] = text_.substr(at_, end - at_), at_ = end + 1;
      return schema;
    }
    if (take('[')) {
      Value::List items;
      do items.push_back(type());
      while (take(','));
      expect(']');
      const auto count = int64_t(items.size());
      schema["type"] = "array", schema["prefixItems"] = std::move(items), schema["minItems"] = count, schema["maxItems"] = count;
      return schema;
    }
    static const std::map<std::string, std::string> plain{{"integer", "integer"}, {"number", "number"}, {"text", "string"}, {"boolean", "boolean"}, {"null", "null"}, {"object", "object"}};
    const std::string name = word();
    if (auto found = plain.find(name); found != plain.end()) {
      schema["type"] = found->second;
    } else if (name == "record") {
      expect('<');
      schema["type"] = "object", schema["additionalProperties"] = type();
      expect('>');
    } else if (name != "any") {
      schema["$ref"] = "#/components/schemas/" + name;
      used_.push_back(name);
    }
    return schema;
  }

  const std::string& text_;
  size_t at_ = 0;
  Value& schemas_;
  std::vector<std::string>& used_;
};

}  // namespace

void AnswerShapes::declare(const std::string& text) { ShapeReader(text, schemas_, used_).read(); }

void AnswerShapes::check_names() const {
  for (const auto& name : used_)
    if (!schemas_.find(name)) fail_failure("an answer is said to be a '" + name + "', which was never declared");
}

}  // namespace tomograd
