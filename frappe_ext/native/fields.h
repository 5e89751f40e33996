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
  PyObject* operator_id = PyUnicode_InternFromString("operator");
  PyObject* override_reason = PyUnicode_InternFromString("override");
};
inline const Keys& keys() {
  static const Keys kKeys;
  return kKeys;
}

/// True where UTF-8 cannot say it: asked beforehand, because CPython's answer is an exception, and making one may run
/// the garbage collector and with it anybody's code.
bool has_surrogates(PyObject* text);

/// The characters of a compact ASCII str.
inline std::string_view ascii(PyObject* text) {
  return {static_cast<const char*>(PyUnicode_DATA(text)), static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
}

/// UTF-8 of a str, or nothing (another type, a lone surrogate). The view lives as long as the str. Runs no Python code.
inline std::optional<std::string_view> utf8(PyObject* value) {
  if (!PyUnicode_Check(value)) return std::nullopt;
  if (PyUnicode_IS_COMPACT_ASCII(value)) return ascii(value);
  if (has_surrogates(value)) return std::nullopt;
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(value, &size);
  if (text == nullptr) {
    PyErr_Clear();
    return std::nullopt;
  }
  return std::string_view(text, static_cast<std::size_t>(size));
}

/// The values of a dict that our own code made, asked for one by one (RecordValues reads those from outside). Holds what
/// it hands out views of: a key with an odd __eq__ may change the dict meanwhile.
class Fields {
 public:
  explicit Fields(PyObject* dict) : dict_(dict) {}

  FieldText text(PyObject* key) {
    PyObject* value = find(key);
    if (value == nullptr) return {};
    const auto found = utf8(value);
    if (!found) return {FieldText::Kind::kOther, {}};
    return {FieldText::Kind::kText, *found};
  }

  FieldInt integer(PyObject* key) {
    PyObject* value = find(key);
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

 private:
  /// Null where the key is missing or None.
  PyObject* find(PyObject* key) {
    PyObject* value = PyDict_GetItemWithError(dict_, key);
    if (value == nullptr) {
      PyErr_Clear();
      return nullptr;
    }
    if (value == Py_None) return nullptr;
    held_.push_back(pybind11::reinterpret_borrow<pybind11::object>(value));
    return value;
  }

  PyObject* dict_;
  std::vector<pybind11::object> held_;
};

}  // namespace edge::native
