#include "frappe_ext/native/record_values.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace edge::native {
namespace {

constexpr std::size_t kUnknown = static_cast<std::size_t>(Key::kCount);

/// Finds the place of a key by its hash, which every str carries. Made once; a set of names that never grows.
class Places {
 public:
  Places() {
    const Keys& k = keys();
    const std::array<PyObject*, kUnknown> names = {
#define X(name) k.name,
        EDGE_KEYS(X)
#undef X
            k.operator_id,
        k.override_reason};
    for (std::size_t place = 0; place < names.size(); ++place) {
      std::size_t at = slot_of(PyObject_Hash(names[place]));
      while (entries_[at].name != nullptr) at = (at + 1) % kSlots;
      entries_[at] = {names[place], place};
    }
  }

  std::size_t of(PyObject* key) const {
    if (!PyUnicode_CheckExact(key)) return kUnknown;
    const Py_hash_t hash = PyObject_Hash(key);
    for (std::size_t at = slot_of(hash); entries_[at].name != nullptr; at = (at + 1) % kSlots) {
      if (is_same(entries_[at].name, key)) return entries_[at].place;
    }
    return kUnknown;
  }

 private:
  static constexpr std::size_t kSlots = 256;  // a third full
  struct Entry {
    PyObject* name = nullptr;
    std::size_t place = kUnknown;
  };

  static std::size_t slot_of(Py_hash_t hash) { return static_cast<std::size_t>(hash) % kSlots; }
  static bool is_same(PyObject* name, PyObject* key) {
    if (name == key) return true;
    const auto ours = utf8(name);
    const auto theirs = utf8(key);
    return theirs && *ours == *theirs;
  }

  std::array<Entry, kSlots> entries_;
};

const Places& places() {
  static const Places kPlaces;
  return kPlaces;
}

}  // namespace

void RecordValues::read(PyObject* dict) {
  constexpr std::size_t kLayoutLimit = 128;  // a record of a million keys is not remembered
  std::size_t place = 0;
  Py_ssize_t position = 0;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  while (PyDict_Next(dict, &position, &key, &value) != 0) {
    if (place < layout_.size() && layout_[place].key == key) {
      values_[layout_[place++].at] = value;
      continue;
    }
    forget_from(place);
    const std::size_t at = places().of(key);
    values_[at] = value;
    if (at == kUnknown && place >= kLayoutLimit) continue;
    layout_.push_back({key, at});
    ++place;
  }
  forget_from(place);
}

void RecordValues::forget_from(std::size_t place) {
  for (std::size_t i = place; i < layout_.size(); ++i) values_[layout_[i].at] = nullptr;
  layout_.resize(place);
}

FieldInt RecordValues::integer(Key key) const {
  PyObject* const value = find(key);
  if (value == nullptr) return {};
  if (!PyLong_Check(value) || PyBool_Check(value)) return {FieldInt::Kind::kOther, 0};
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow != 0) return {FieldInt::Kind::kOther, 0};
  return {FieldInt::Kind::kInt, number};
}

FieldBool RecordValues::boolean(Key key) const {
  PyObject* const value = find(key);
  if (value == nullptr) return {};
  if (!PyBool_Check(value)) return {FieldBool::Kind::kOther, false};
  return {FieldBool::Kind::kBool, value == Py_True};
}

bool RecordValues::texts(Key key, std::vector<std::string_view>& into) const {
  PyObject* const list = find(key);
  if (list == nullptr || !PyList_Check(list)) return false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    const auto text = utf8(PyList_GET_ITEM(list, i));
    if (!text) return false;
    into.push_back(*text);
  }
  return true;
}

}  // namespace edge::native
