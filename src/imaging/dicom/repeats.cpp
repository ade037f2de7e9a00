#include "imaging/dicom/repeats.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

using Planes = std::vector<ImagePlane>;
using Places = std::vector<Place>;

const Repeat& repeat(const Planes& planes, size_t plane, size_t key) {
  static const Repeat none;
  const auto& repeats = planes[plane].repeats;
  return key < repeats.size() ? repeats[key] : none;
}

/// ", which differ in EchoNumbers (0018,0086): 1 and 2", or that nothing tells them apart.
std::string difference(const ImagePlane& a, const ImagePlane& b) {
  for (const bool kind : {true, false})
    for (size_t i = 0; i < std::min(a.repeats.size(), b.repeats.size()); ++i)
      if (a.repeats[i].is_kind == kind && a.repeats[i].value != b.repeats[i].value)
        return "; they differ in " + a.repeats[i].tag + ": `" + a.repeats[i].value + "` and `" +
               b.repeats[i].value + "`";
  return "; nothing tells them apart";
}

std::multiset<std::string> values_at(const Planes& planes, const Place& place, size_t key) {
  std::multiset<std::string> values;
  for (const size_t plane : place.planes) values.insert(repeat(planes, plane, key).value);
  return values;
}

bool varies_at(const Planes& planes, const Place& place, size_t key) {
  return std::ranges::any_of(place.planes, [&](size_t plane) {
    return repeat(planes, plane, key).value != repeat(planes, place.planes[0], key).value;
  });
}

bool varies_somewhere(const Planes& planes, const Places& places, size_t key) {
  return std::ranges::any_of(places, [&](const Place& place) { return varies_at(planes, place, key); });
}

/// By time and number: everything that is no kind, in the order of the keys.
void sort_in_sequence(const Planes& planes, std::vector<size_t>& list, size_t keys) {
  std::ranges::stable_sort(list, [&](size_t a, size_t b) {
    for (size_t key = 0; key < keys; ++key) {
      const Repeat &left = repeat(planes, a, key), &right = repeat(planes, b, key);
      if (left.order != right.order) return left.order < right.order;
    }
    return false;
  });
}

[[noreturn]] void fail_mixed(const Planes& planes, const Place& a, const Place& b, size_t key) {
  const ImagePlane &first = planes[a.planes[0]], &other = planes[b.planes[0]];
  core::fail_data(other.where + ": " + repeat(planes, b.planes[0], key).tag +
                  " is not the same for the images at its place as for those where " + first.name +
                  " lies, so they cannot be told apart everywhere; keep one kind of image a folder");
}

/// The keys by which images at one place are of different kinds: they take the same values at every place.
std::vector<size_t> telling_keys(const Planes& planes, const Places& places, size_t keys) {
  std::vector<size_t> telling;
  for (size_t key = 0; key < keys; ++key) {
    if (!varies_somewhere(planes, places, key)) continue;
    const auto first = values_at(planes, places[0], key);
    const auto odd = std::ranges::find_if(
        places, [&](const Place& place) { return values_at(planes, place, key) != first; });
    if (odd == places.end())
      telling.push_back(key);
    else if (repeat(planes, places[0].planes[0], key).is_kind)
      fail_mixed(planes, places[0], *odd, key);
  }
  return telling;
}

/// ImageType without what all have in common: `W` of DERIVED\PRIMARY\W\W.
std::string short_value(const std::string& value, const std::set<std::string>& all) {
  if (value.find('\\') == std::string::npos) return value;
  std::vector<std::vector<std::string>> lists;
  for (const std::string& other : all) lists.push_back(core::split(other, '\\'));
  const auto mine = core::split(value, '\\');
  std::vector<std::string> odd;
  for (size_t i = 0; i < mine.size(); ++i) {
    const bool common =
        std::ranges::all_of(lists, [&](const auto& list) { return i < list.size() && list[i] == mine[i]; });
    if (!common && std::ranges::find(odd, mine[i]) == odd.end()) odd.push_back(mine[i]);
  }
  return odd.empty() ? value : core::join(odd, " ");
}

/// A kind of image and its planes, one list a place.
struct Kind {
  std::vector<std::string> values;
  std::vector<double> orders;
  double number = std::numeric_limits<double>::infinity();  ///< the smallest in the series
  std::vector<std::vector<size_t>> at;
};

std::vector<Kind> kinds_of(const Planes& planes, const Places& places, const std::vector<size_t>& telling,
                           size_t keys) {
  std::map<std::vector<std::string>, Kind> found;
  for (size_t p = 0; p < places.size(); ++p)
    for (const size_t plane : places[p].planes) {
      std::vector<std::string> values;
      std::vector<double> orders;
      for (const size_t key : telling) {
        values.push_back(repeat(planes, plane, key).value);
        orders.push_back(repeat(planes, plane, key).order);
      }
      Kind& kind = found[values];
      kind.values = values;
      kind.orders = orders;
      if (keys > 0) kind.number = std::min(kind.number, repeat(planes, plane, keys - 1).order);
      kind.at.resize(places.size());
      kind.at[p].push_back(plane);
    }
  std::vector<Kind> kinds;
  for (auto& [values, kind] : found) kinds.push_back(std::move(kind));
  std::ranges::stable_sort(kinds, [](const Kind& a, const Kind& b) {
    return a.orders != b.orders ? a.orders < b.orders : a.number < b.number;
  });
  return kinds;
}

/// Names by the first key that tells all kinds apart, else by all of them.
void name_kinds(const Planes& planes, const Places& places, const std::vector<Kind>& kinds,
                const std::vector<size_t>& telling, std::vector<std::string>& names) {
  const size_t sample = places[0].planes[0];
  std::vector<size_t> used;
  for (size_t t = 0; t < telling.size() && used.empty(); ++t) {
    std::set<std::string> values;
    for (const Kind& kind : kinds) values.insert(kind.values[t]);
    if (values.size() == kinds.size()) used = {t};
  }
  for (size_t t = 0; t < telling.size() && used.empty(); ++t) {
    for (size_t all = 0; all < telling.size(); ++all) used.push_back(all);
  }
  for (const Kind& kind : kinds) {
    std::vector<std::string> parts;
    for (const size_t t : used) {
      std::set<std::string> values;
      for (const Kind& other : kinds) values.insert(other.values[t]);
      const std::string& tag = repeat(planes, sample, telling[t]).tag;
      parts.push_back(tag.substr(0, tag.find(' ')) + " " + short_value(kind.values[t], values));
    }
    names.push_back(core::join(parts, ", "));
  }
}

/// What tells the images of one kind apart, for names where nothing else does.
std::string sequence_key(const Planes& planes, const Places& places, size_t keys, size_t& found) {
  for (found = 0; found < keys; ++found)
    if (varies_somewhere(planes, places, found)) {
      const std::string& tag = repeat(planes, places[0].planes[0], found).tag;
      return tag.substr(0, tag.find(' '));
    }
  return "repeat";
}

Repetition as_channels(const Planes& planes, Places& places, size_t keys) {
  const auto most = std::ranges::max_element(places, {}, [](const Place& p) { return p.planes.size(); });
  for (const Place& place : places)
    if (place.planes.size() != most->planes.size())
      core::fail_data(planes[place.planes[0]].where + ": is one of " + std::to_string(place.planes.size()) +
                      " images at its place, but there are " + std::to_string(most->planes.size()) +
                      " where " + planes[most->planes[0]].name +
                      " lies, so they do not make channels; copy the series again");
  const auto telling = telling_keys(planes, places, keys);
  std::vector<Kind> kinds = kinds_of(planes, places, telling, keys);
  Repetition found;
  found.channels = most->planes.size();
  std::vector<std::string> kind_names;
  name_kinds(planes, places, kinds, telling, kind_names);
  size_t key = 0;
  const std::string sequence = sequence_key(planes, places, keys, key);
  for (Place& place : places) place.planes.clear();
  for (size_t k = 0; k < kinds.size(); ++k) {
    const size_t count = kinds[k].at[0].size();
    for (size_t p = 0; p < places.size(); ++p) {
      if (kinds[k].at[p].size() != count) fail_mixed(planes, places[0], places[p], telling.front());
      sort_in_sequence(planes, kinds[k].at[p], keys);
      places[p].planes.insert(places[p].planes.end(), kinds[k].at[p].begin(), kinds[k].at[p].end());
    }
    for (size_t rank = 0; rank < count; ++rank) {
      const std::string number = std::to_string(rank + 1);
      found.names.push_back(kind_names[k].empty() ? sequence + " no. " + number
                            : count > 1           ? kind_names[k] + " no. " + number
                                                  : kind_names[k]);
    }
  }
  // Numbers that tell channels apart at every place mean something by themselves.
  for (const size_t t : telling) {
    const Repeat& sample = repeat(planes, places[0].planes[0], t);
    std::vector<double> orders;
    for (const size_t plane : places[0].planes) orders.push_back(repeat(planes, plane, t).order);
    if (sample.tag.starts_with("DiffusionBValue")) found.b_values = orders;
  }
  if (sequence == "TriggerTime") {
    for (size_t c = 0; c < found.channels; ++c) {
      double sum = 0;
      for (const Place& place : places) sum += repeat(planes, place.planes[c], key).order;
      found.seconds.push_back(sum / static_cast<double>(places.size()) / 1000);
    }
    const double start = found.seconds[0];
    for (double& second : found.seconds) second -= start;
  }
  return found;
}

/// Leaves the images of one value of a key that every place has: the smallest, or the one that was taken
/// first.
void keep_first(const Planes& planes, Places& places, size_t key) {
  struct Value {
    double order = 0, number = std::numeric_limits<double>::infinity();
    std::set<size_t> places;
  };
  std::map<std::string, Value> found;
  for (size_t p = 0; p < places.size(); ++p)
    for (const size_t plane : places[p].planes) {
      const auto& repeats = planes[plane].repeats;
      Value& value = found[repeat(planes, plane, key).value];
      value.order = repeat(planes, plane, key).order;
      if (!repeats.empty()) value.number = std::min(value.number, repeats.back().order);
      value.places.insert(p);
    }
  const std::pair<const std::string, Value>* chosen = nullptr;
  for (const auto& one : found) {
    if (one.second.places.size() != places.size()) continue;
    const auto rank = [](const Value& value) { return std::pair(value.order, value.number); };
    if (chosen == nullptr || rank(one.second) < rank(chosen->second)) chosen = &one;
  }
  if (chosen == nullptr) {
    const auto odd = std::ranges::find_if(places, [&](const Place& place) {
      return values_at(planes, place, key) != values_at(planes, places[0], key);
    });
    fail_mixed(planes, places[0], odd == places.end() ? places.back() : *odd, key);
  }
  for (Place& place : places)
    std::erase_if(place.planes,
                  [&](size_t plane) { return repeat(planes, plane, key).value != chosen->first; });
}

}  // namespace

Repetition arrange_repeats(const Planes& planes, Places& places, const DicomPolicy& policy, Volume& volume) {
  const auto odd = std::ranges::find_if(places, [](const Place& p) { return p.planes.size() > 1; });
  if (odd == places.end()) return {};
  size_t keys = 0;
  for (const ImagePlane& plane : planes) keys = std::max(keys, plane.repeats.size());
  for (Place& place : places) sort_in_sequence(planes, place.planes, keys);
  const ImagePlane &a = planes[odd->planes[0]], &b = planes[odd->planes[1]];
  if (policy.duplicates == RepeatedSlices::error)
    core::fail_data(b.where + ": lies where " + a.name + " lies: " + std::to_string(odd->planes.size()) +
                    " images at one place" + difference(a, b) +
                    "; keep one set a folder, or set dicom.duplicates to `first` or `channels`");
  if (policy.duplicates != RepeatedSlices::first) return as_channels(planes, places, keys);
  const std::string told = difference(a, b);
  for (size_t key = 0; key < keys; ++key)
    if (repeat(planes, places[0].planes[0], key).is_kind && varies_somewhere(planes, places, key))
      keep_first(planes, places, key);
  const ImagePlane& kept = planes[places[0].planes[0]];
  std::string what;
  for (const Repeat& one : kept.repeats)
    if (one.is_kind && told.find(one.tag) != std::string::npos)
      what = " (" + one.tag + " `" + one.value + "`)";
  volume.warnings.push_back("several images at one place" + told + "; the first at each was taken" + what);
  return {};
}

}  // namespace photo51::imaging
