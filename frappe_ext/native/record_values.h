#pragma once
#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "frappe_ext/native/fields.h"
#include "protocols/record/record_check.h"

namespace edge::native {

/// The keys of records, as places in RecordValues.
enum class Key : std::uint8_t {
#define X(name) name,
  EDGE_KEYS(X)
#undef X
      operator_id,
  override_reason,
  kCount
};

/// What a dict holds under the keys of records. Reads it from end to end, instead of asking for each key: JSON readers
/// give all records of a batch the same key objects in the same order, so that one comparison of pointers finds a place.
///
/// Between `read` and the last use of what it handed out no Python code may run and no object be freed; nothing here
/// runs any: keys that are no exact str are passed over, values are read as the data they are.
class RecordValues {
 public:
  void read(PyObject* dict);

  FieldText text(Key key) const {
    PyObject* const value = find(key);
    if (value == nullptr) return {};
    if (PyUnicode_Check(value) && PyUnicode_IS_COMPACT_ASCII(value)) return {FieldText::Kind::kText, ascii(value)};
    const auto found = utf8(value);
    if (!found) return {FieldText::Kind::kOther, {}};
    return {FieldText::Kind::kText, *found};
  }
  FieldInt integer(Key key) const;
  FieldBool boolean(Key key) const;
  /// False where the key holds no list of text.
  bool texts(Key key, std::vector<std::string_view>& into) const;
  /// Null where the key is missing or None.
  PyObject* find(Key key) const {
    PyObject* const value = values_[static_cast<std::size_t>(key)];
    return value == Py_None ? nullptr : value;
  }

 private:
  struct Place {
    PyObject* key;
    std::size_t at;
  };

  void forget_from(std::size_t place);

  /// The last one is for keys that no rule knows.
  std::array<PyObject*, static_cast<std::size_t>(Key::kCount) + 1> values_{};
  std::vector<Place> layout_;  ///< of the dict read last; what stands in values_ stands here
};

}  // namespace edge::native
