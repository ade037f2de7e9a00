#include "imaging/privacy/dicom.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "imaging/dicom/element.hpp"
#include "imaging/privacy/profile.hpp"
#include "imaging/privacy/text.hpp"

namespace photo51::imaging {
namespace {

std::string number_of_tag(const DcmTagKey& tag) {
  const std::string named = name_of(tag);
  return named.substr(named.rfind('('));
}

/// What the object says of its own de-identification.
struct Claim {
  bool made = false;
  Options options;

  explicit Claim(DcmDataset& dataset) {
    made = text_of(dataset, DCM_PatientIdentityRemoved) == "YES";
    if (!made) return;
    for (size_t i = 0; i < count_items(dataset, DCM_DeidentificationMethodCodeSequence); ++i) {
      DcmItem* item = item_of(dataset, DCM_DeidentificationMethodCodeSequence, i);
      if (item == nullptr) continue;
      if (const auto option = option_of_code(text_of(*item, DCM_CodeValue))) options.add(*option);
    }
    const std::string dates = text_of(dataset, DCM_LongitudinalTemporalInformationModified);
    if (dates == "MODIFIED" || dates == "REMOVED") options.add(Option::modified_dates);
    if (!options.empty() || !text_of(dataset, DCM_DeidentificationMethod).empty())
      options.add(Option::patient);
  }
};

bool is_sequence(DcmElement& element) {
  return dynamic_cast<DcmSequenceOfItems*>(&element) != nullptr;
}

bool is_text(DcmEVR vr) {
  switch (vr) {
    case EVR_AE:
    case EVR_AS:
    case EVR_CS:
    case EVR_LO:
    case EVR_LT:
    case EVR_PN:
    case EVR_SH:
    case EVR_ST:
    case EVR_UC:
    case EVR_UR:
    case EVR_UT:
    case EVR_UN:
      return true;
    default:
      return false;
  }
}

/// The elements of the vendors that readers of this library take numbers from, and that table E.3.10-1 of
/// PS3.15 or the vendor's conformance statement knows as such.
bool is_safe_private(const std::string& creator, const DcmTagKey& tag) {
  struct Safe {
    std::string_view creator;
    uint16_t group;
    uint8_t first, last;
  };
  constexpr Safe kSafe[] = {
      {"SIEMENS MR HEADER", 0x0019, 0x0A, 0x0F},         {"SIEMENS MR HEADER", 0x0019, 0x27, 0x28},
      {"PHILIPS IMAGING DD 001", 0x2001, 0x03, 0x04},    {"PHILIPS PET PRIVATE GROUP", 0x7053, 0x00, 0x00},
      {"PHILIPS PET PRIVATE GROUP", 0x7053, 0x09, 0x09}, {"GEMS_PARM_01", 0x0043, 0x39, 0x39},
      {"IMAGE PRIVATE HEADER", 0x0065, 0x09, 0x09},      {"IMAGE PRIVATE HEADER", 0x0065, 0x50, 0x50}};
  std::string name = creator;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto number = static_cast<uint8_t>(tag.getElement() & 0xFFU);
  return std::ranges::any_of(kSafe, [&](const Safe& safe) {
    return safe.creator == name && safe.group == tag.getGroup() && safe.first <= number &&
           number <= safe.last;
  });
}

class Search {
 public:
  Search(const Claim& claim, std::string id) : claim_(claim), id_(std::move(id)) {}

  void look_into(DcmItem& item, const std::string& where) {
    DcmObject* object = nullptr;
    while ((object = item.nextInContainer(object)) != nullptr)
      if (auto* element = dynamic_cast<DcmElement*>(object)) look_at(item, *element, where);
  }
  void add(const std::string& name, bool direct) { found_.insert({name, direct}); }
  Findings take() { return std::move(found_); }

 private:
  void look_at(DcmItem& item, DcmElement& element, const std::string& where) {
    const DcmTagKey tag(element.getGTag(), element.getETag());
    if (tag.getElement() == 0) return;  // a group's length
    const bool is_private = (tag.getGroup() & 1U) != 0;
    if (is_private) {
      look_at_private(item, element, tag, where);
    } else if (const ProfileEntry* entry = profile_entry(tag.getGroup(), tag.getElement())) {
      if (tells(item, element, tag, *entry)) add(entry->keyword + where, entry->kept_by.empty());
    } else if (is_odd_name(item, element, tag)) {
      add((is_unknown(element, tag) ? unknown_name(tag) : keyword_of(tag)) + where, true);
    } else if (is_unknown(element, tag) && element.ident() != EVR_PN && !is_blank(item, element, tag)) {
      add(unknown_name(tag) + where, false);
    }
    auto* sequence = dynamic_cast<DcmSequenceOfItems*>(&element);
    if (sequence == nullptr) return;
    const std::string name = is_private ? "private element " + number_of_tag(tag) : keyword_of(tag);
    DcmObject* object = nullptr;
    while ((object = sequence->nextInContainer(object)) != nullptr)
      if (auto* inner = dynamic_cast<DcmItem*>(object)) look_into(*inner, " in " + name);
  }

  static std::string unknown_name(const DcmTagKey& tag) { return "unknown element " + number_of_tag(tag); }
  static std::string keyword_of(const DcmTagKey& tag) {
    const ProfileEntry* entry = profile_entry(tag.getGroup(), tag.getElement());
    if (entry != nullptr) return entry->keyword;
    DcmTag named(tag);
    return named.getTagName();
  }

  static bool is_blank(DcmItem& item, DcmElement& element, const DcmTagKey& tag) {
    if (is_sequence(element)) {
      auto& sequence = dynamic_cast<DcmSequenceOfItems&>(element);
      DcmObject* object = nullptr;
      while ((object = sequence.nextInContainer(object)) != nullptr)
        if (auto* inner = dynamic_cast<DcmItem*>(object); inner != nullptr && inner->card() > 0) return false;
      return true;
    }
    if (element.getLength() == 0) return true;
    return element.isaString() && text_of(item, tag).empty();
  }

  bool tells(DcmItem& item, DcmElement& element, const DcmTagKey& tag, const ProfileEntry& entry) const {
    if (is_blank(item, element, tag)) return false;
    const std::string text = is_sequence(element) ? std::string() : text_of(item, tag);
    // An id that is written as a name is one.
    if (tag == DCM_PatientID)
      return text.find('^') != std::string::npos && !is_dummy_name(text, "", claim_.made);
    if (entry.uid || claim_.options.meets(entry.kept_by)) return false;
    const DcmEVR vr = element.ident();
    if (tag == DCM_PatientName || vr == EVR_PN) return !is_dummy_name(text, id_, claim_.made);
    // Where the profile allows a stand-in, it cannot be told from the original; a birth date has none.
    if (entry.dummy && claim_.options.has(Option::basic_profile) && !entry.date &&
        tag != DCM_PatientBirthDate)
      return false;
    if (tag == DCM_DataSetTrailingPadding) return holds_anything(element);
    if (vr == EVR_DA || vr == EVR_TM || vr == EVR_DT || entry.date) return !is_dummy_date(text);
    if (is_text(vr)) return text.empty() || !is_dummy_text(text);  // binary, or too long to be a dummy
    return true;
  }

  static bool holds_anything(DcmElement& element) {
    Uint8* bytes = nullptr;
    if (element.getUint8Array(bytes).bad() || bytes == nullptr) return true;
    return std::any_of(bytes, bytes + element.getLength(), [](Uint8 byte) { return byte != 0; });
  }

  bool is_odd_name(DcmItem& item, DcmElement& element, const DcmTagKey& tag) const {
    return element.ident() == EVR_PN && !is_dummy_name(text_of(item, tag), id_, claim_.made);
  }

  static bool is_unknown(DcmElement& element, const DcmTagKey& tag) {
    if (!is_text(element.ident()) && !is_sequence(element)) return false;
    DcmTag named(tag);
    return named.getTagName() == std::string_view(DcmTag_ERROR_TagName);
  }

  void look_at_private(DcmItem& item, DcmElement& element, const DcmTagKey& tag, const std::string& where) {
    if (is_blank(item, element, tag)) return;
    if (tag.isPrivateReservation()) {
      // A creator of nothing is a text of its own.
      if (!reserves_anything(item, tag) && !is_dummy_text(text_of(item, tag)) && !kept_private())
        add("private element " + number_of_tag(tag) + where, false);
      return;
    }
    if (element.ident() == EVR_PN) {
      if (is_odd_name(item, element, tag)) add("private element " + number_of_tag(tag) + where, true);
      return;
    }
    if (kept_private()) return;
    const DcmTagKey reservation(tag.getGroup(), static_cast<Uint16>(tag.getElement() >> 8U));
    if (is_safe_private(text_of(item, reservation), tag) && is_number(item, element, tag)) return;
    add("private element " + number_of_tag(tag) + where, false);
  }

  bool kept_private() const { return claim_.options.has(Option::safe_private); }

  static bool reserves_anything(DcmItem& item, const DcmTagKey& reservation) {
    DcmObject* object = nullptr;
    while ((object = item.nextInContainer(object)) != nullptr)
      if (object->getGTag() == reservation.getGroup() &&
          object->getETag() >> 8U == static_cast<Uint16>(reservation.getElement()))
        return true;
    return false;
  }

  static bool is_number(DcmItem& item, DcmElement& element, const DcmTagKey& tag) {
    constexpr Uint32 kFloat = 4, kDouble = 8;
    switch (element.ident()) {
      case EVR_FD:
      case EVR_FL:
      case EVR_SL:
      case EVR_SS:
      case EVR_UL:
      case EVR_US:
        return true;
      case EVR_UN:
      case EVR_OB:
        if (element.getLength() == kFloat || element.getLength() == kDouble) return true;
        [[fallthrough]];
      default:
        return !is_sequence(element) &&
               (parse_numbers(text_of(item, tag)).has_value() || is_directionality(text_of(item, tag)));
    }
  }
  /// What Siemens and Philips call the direction of diffusion.
  static bool is_directionality(const std::string& text) {
    return text == "NONE" || text == "DIRECTIONAL" || text == "ISOTROPIC" || text == "BMATRIX";
  }

  const Claim& claim_;
  std::string id_;
  Findings found_;
};

}  // namespace

Findings identity_in(DcmFileFormat& file) {
  DcmDataset& dataset = *file.getDataset();
  const Claim claim(dataset);
  Search search(claim, text_of(dataset, DCM_PatientID));
  search.look_into(dataset, "");
  if (DcmMetaInfo* meta = file.getMetaInfo();
      meta != nullptr && meta->tagExistsWithValue(DCM_PrivateInformation))
    search.add("PrivateInformation", false);
  if (text_of(dataset, DCM_BurnedInAnnotation) == "YES") search.add("BurnedInAnnotation", true);
  const std::string kind = text_of(dataset, DCM_ImageType);
  if (text_of(dataset, DCM_SpecimenLabelInImage) == "YES" || kind.find("\\LABEL") != std::string::npos)
    search.add("label picture", true);
  return search.take();
}

}  // namespace photo51::imaging
