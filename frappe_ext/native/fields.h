#pragma once
#include <pybind11/pybind11.h>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "protocols/record/record_check.h"

namespace edge::native {

// Every key that may be a name of C++; the others stand in Keys.
#define EDGE_KEYS(X)                                                                                                   \
  X(kind)                                                                                                              \
  X(uid)                                                                                                               \
  X(seq) X(identity) X(site) X(device) X(type) X(index) X(observed_at) X(received_at) X(time_source) X(clock) X(value) \
      X(unit) X(value_in) X(unit_in) X(flag) X(reasons) X(policy_version) X(raw) X(raw_bytes) X(raw_sha256)            \
          X(from_seq) X(to_seq) X(from_at) X(to_at) X(count) X(reason) X(target) X(cause) X(scale) X(epoch) X(boot)    \
              X(mono_ms) X(kg) X(e) X(mode) X(role) X(stability) X(stable_ms) X(spread) X(zero_seen_at) X(profile)     \
                  X(checksum) X(raw_hex) X(manual) X(tare) X(range) X(indicator_alibi) X(prev_hash) X(hash) X(genesis) \
                      X(alibi_seq) X(at) X(action) X(number) X(direction) X(gross) X(net) X(gross_kg) X(tare_kg)       \
                          X(net_kg) X(gross_weighing) X(tare_weighing) X(tare_vehicle) X(tare_at) X(declared_net_kg)   \
                              X(order) X(lot) X(vehicle) X(driver) X(prints) X(mismatch) X(difference_kg)              \
                                  X(difference_pct) X(alibi_hash) X(corrects) X(voids)

/// Keys of records, interned once per process and never freed.
struct Keys {
#define X(name) PyObject* name = PyUnicode_InternFromString(#name);
  EDGE_KEYS(X)
#undef X
#undef EDGE_KEYS
  PyObject* operator_id = PyUnicode_InternFromString("operator");
  PyObject* override_reason = PyUnicode_InternFromString("override");
};
inline const Keys& keys() {
  static const Keys kKeys;
  return kKeys;
}

/// UTF-8 of a str, or nothing (another type, a lone surrogate). The view lives as long as the str.
inline std::optional<std::string_view> utf8(PyObject* value) {
  if (!PyUnicode_Check(value)) return std::nullopt;
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(value, &size);
  if (text == nullptr) {
    PyErr_Clear();
    return std::nullopt;
  }
  return std::string_view(text, static_cast<std::size_t>(size));
}

/// The fields of one record and of an object inside it (…_in). Holds what it hands out views of: a key with an odd
/// __eq__ may change the dict meanwhile.
class Fields {
 public:
  explicit Fields(PyObject* dict) : dict_(dict) {}

  /// Null where the key is missing or None.
  PyObject* find(PyObject* key) { return find_in(dict_, key); }
  PyObject* find_in(PyObject* dict, PyObject* key) {
    PyObject* value = PyDict_GetItemWithError(dict, key);
    if (value == nullptr) {
      PyErr_Clear();
      return nullptr;
    }
    if (value == Py_None) return nullptr;
    held_.push_back(pybind11::reinterpret_borrow<pybind11::object>(value));
    return value;
  }

  FieldText text(PyObject* key) { return text_in(dict_, key); }
  FieldText text_in(PyObject* dict, PyObject* key) {
    PyObject* value = find_in(dict, key);
    if (value == nullptr) return {};
    const auto found = utf8(value);
    if (!found) return {FieldText::Kind::kOther, {}};
    return {FieldText::Kind::kText, *found};
  }

  FieldInt integer(PyObject* key) { return integer_in(dict_, key); }
  FieldInt integer_in(PyObject* dict, PyObject* key) {
    PyObject* value = find_in(dict, key);
    if (value == nullptr) return {};
    if (!PyLong_Check(value) || PyBool_Check(value)) return {FieldInt::Kind::kOther, 0};
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0) return {FieldInt::Kind::kOther, 0};
    return {FieldInt::Kind::kInt, number};
  }

  FieldBool boolean(PyObject* key) {
    PyObject* value = find(key);
    if (value == nullptr) return {};
    if (!PyBool_Check(value)) return {FieldBool::Kind::kOther, false};
    return {FieldBool::Kind::kBool, value == Py_True};
  }

  /// False where the key holds no list of text.
  bool texts(PyObject* key, std::vector<std::string_view>& into) {
    PyObject* list = find(key);
    if (list == nullptr || !PyList_Check(list)) return false;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
      held_.push_back(pybind11::reinterpret_borrow<pybind11::object>(PyList_GET_ITEM(list, i)));
      const auto text = utf8(held_.back().ptr());
      if (!text) return false;
      into.push_back(*text);
    }
    return true;
  }

 private:
  PyObject* dict_;
  std::vector<pybind11::object> held_;
};

}  // namespace edge::native
