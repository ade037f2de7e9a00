#include "photo51/imaging/privacy/privacy.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "photo51/core/files.hpp"
#include "support/dicom_objects.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

namespace fs = std::filesystem;

class Privacy : public ::testing::Test {
 protected:
  /// What is found in a slice of CT with these elements.
  std::vector<std::string> found(const test::DicomEdits& edits) const {
    test::write_slice(folder_ / "a.dcm", "CT", 2, 0, 0, edits);
    return elements("a.dcm");
  }
  std::vector<std::string> elements(const std::string& name) const {
    const Identity identity = identity_of(folder_ / name);
    EXPECT_THAT(identity.unchecked, IsEmpty());
    return identity.elements;
  }
  /// The slice of `found` with a change that needs DCMTK.
  template <class Change>
  std::vector<std::string> changed(const test::DicomEdits& edits, const Change& change) const {
    test::write_slice(folder_ / "a.dcm", "CT", 2, 0, 0, edits);
    DcmFileFormat file;
    EXPECT_TRUE(file.loadFile((folder_ / "a.dcm").c_str()).good());
    EXPECT_TRUE(file.loadAllDataIntoMemory().good());
    change(*file.getDataset());
    test::save(file, folder_ / "a.dcm");
    return elements("a.dcm");
  }
  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  test::TemporaryFolder folder_;
};

test::DicomEdits declared() {
  return {{DCM_PatientIdentityRemoved, "YES"}, {DCM_DeidentificationMethod, "by hand"}};
}
test::DicomEdits with(test::DicomEdits edits, const test::DicomEdits& more) {
  edits.insert(edits.end(), more.begin(), more.end());
  return edits;
}
void add_option(DcmItem& dataset, const char* code) {
  test::put(test::add_item(dataset, DCM_DeidentificationMethodCodeSequence), DCM_CodeValue, code);
}

TEST_F(Privacy, FollowsTheBasicProfile) {
  EXPECT_THAT(found({}), IsEmpty());
  EXPECT_THAT(found({{DCM_PatientID, "P1"}}), IsEmpty());
  EXPECT_THAT(found({{DCM_ReferringPhysicianName, "Watson^James"},
                     {DCM_InstitutionName, "Kings College"},
                     {DCM_AccessionNumber, "4711"},
                     {DCM_RETIRED_OtherPatientIDs, "0815"},
                     {DCM_PatientComments, "daughter of Muriel"},
                     {DCM_StudyDescription, "head of Rosalind"},
                     {DCM_StudyDate, "19520506"},
                     {DCM_PatientAge, "037Y"},
                     {DCM_PatientBirthDate, "19200725"},
                     {DCM_DeviceSerialNumber, "51"},
                     {DCM_PatientName, "Franklin^Rosalind"}}),
              ElementsAre("AccessionNumber", "OtherPatientIDs", "PatientBirthDate", "PatientName",
                          "ReferringPhysicianName", "DeviceSerialNumber", "InstitutionName", "PatientAge",
                          "PatientComments", "StudyDate", "StudyDescription"));
}

TEST_F(Privacy, NamesAreNoneOnlyWhereTheyPlainlyStandIn) {
  const auto name = [&](const char* text, bool declare) {
    const test::DicomEdits edits{{DCM_PatientID, text}, {DCM_PatientName, text}};
    return found(declare ? with(declared(), edits) : edits);
  };
  for (const char* dummy : {"ANONYMOUS", "Anon^01", "PATIENT^7", "XXXX^XX", "removed"})
    EXPECT_THAT(name(dummy, false), IsEmpty()) << dummy;
  for (const char* code : {"P1", "LUNG1-001"}) {
    EXPECT_THAT(name(code, false), ElementsAre("PatientName"))
        << code << " equals the id, which is no excuse";
    EXPECT_THAT(name(code, true), IsEmpty()) << code;
  }
  EXPECT_THAT(found(with(declared(), {{DCM_PatientID, "7"}, {DCM_PatientName, "ACRIN-01^7x"}})), IsEmpty());
  EXPECT_THAT(found({{DCM_PatientName, "Anonymous^Franklin"}}), ElementsAre("PatientName"));
  // An id that is written as a name is one.
  EXPECT_THAT(name("Franklin^Rosalind", false), ElementsAre("PatientID", "PatientName"));
  EXPECT_THAT(name("Franklin^Rosalind", true), ElementsAre("PatientID", "PatientName"));
  EXPECT_THAT(name("FRANKLIN", true), ElementsAre("PatientName"));
  // Letters of another alphabet in seven bits look like signs.
  EXPECT_THAT(found({{DCM_PatientName, "\x1b$B;3ED\x1b(B"}}), ElementsAre("PatientName"));
}

TEST_F(Privacy, LooksIntoSequences) {
  EXPECT_THAT(changed({},
                      [](DcmItem& dataset) {
                        DcmItem& outer = test::add_item(dataset, DCM_ReferencedImageSequence);
                        DcmItem& inner = test::add_item(outer, DCM_PurposeOfReferenceCodeSequence);
                        test::put(inner, DCM_PatientName, "Franklin^Rosalind");
                        test::put(inner, DCM_ReferencedSOPInstanceUID, "1.2.3");
                      }),
              ElementsAre("PatientName in PurposeOfReferenceCodeSequence"));
  // A sequence that goes as a whole counts, its empty shell does not.
  EXPECT_THAT(changed({},
                      [](DcmItem& dataset) {
                        test::put(test::add_item(dataset, DCM_OriginalAttributesSequence),
                                  DCM_ModifyingSystem, "PACS51");
                        test::add_item(dataset, DCM_OtherPatientIDsSequence);
                      }),
              ElementsAre("OriginalAttributesSequence", "ModifyingSystem in OriginalAttributesSequence"));
}

TEST_F(Privacy, LooksAtPrivateElements) {
  const auto hide = [](DcmItem& dataset) {
    test::put_private(dataset, 0x0009, 0x01, "ACME", EVR_LO, "Franklin, Rosalind");
    test::put_private(dataset, 0x0019, 0x0C, "SIEMENS MR HEADER", EVR_IS, "1000");
  };
  EXPECT_THAT(changed({}, hide), ElementsAre("private element (0009,1001)"));
  EXPECT_THAT(changed(declared(), hide), ElementsAre("private element (0009,1001)"));
  EXPECT_THAT(changed(declared(),
                      [&](DcmItem& dataset) {
                        hide(dataset);
                        add_option(dataset, "113111");
                      }),
              IsEmpty());
  // Numbers that readers know pass as numbers only.
  EXPECT_THAT(changed({},
                      [](DcmItem& dataset) {
                        test::put_private(dataset, 0x0019, 0x0C, "SIEMENS MR HEADER", EVR_LO, "Franklin");
                      }),
              ElementsAre("private element (0019,100C)"));
  // Names are not safe whatever the file says, and neither is what stands within.
  const auto deep = [](DcmItem& dataset) {
    EXPECT_TRUE(dataset.putAndInsertString(DcmTag(0x0009, 0x10, EVR_LO), "ACME").good());
    auto* sequence = new DcmSequenceOfItems(DcmTag(0x0009, 0x1002, EVR_SQ));
    auto* item = new DcmItem;
    test::put(*item, DCM_PatientBirthName, "Franklin");
    EXPECT_TRUE(sequence->append(item).good());
    EXPECT_TRUE(dataset.insert(sequence).good());
    test::put_private(dataset, 0x0011, 0x03, "ACME", EVR_PN, "Franklin^Rosalind");
    add_option(dataset, "113111");
  };
  EXPECT_THAT(changed(declared(), deep),
              ElementsAre("PatientBirthName in private element (0009,1002)", "private element (0011,1003)"));
  // A creator of nothing is a text.
  EXPECT_THAT(
      changed({},
              [](DcmItem& dataset) {
                EXPECT_TRUE(dataset.putAndInsertString(DcmTag(0x0009, 0x10, EVR_LO), "Franklin").good());
              }),
      ElementsAre("private element (0009,0010)"));
}

TEST_F(Privacy, LooksBehindThePixelsAndAtWhatNobodyKnows) {
  EXPECT_THAT(changed({},
                      [](DcmItem& dataset) {
                        test::put_private(dataset, 0x7FE1, 0x01, "GEMS_Ultrasound_MovieGroup_001", EVR_LT,
                                          "Franklin");
                      }),
              ElementsAre("private element (7FE1,1001)"));
  EXPECT_THAT(
      changed({},
              [](DcmItem& dataset) {
                EXPECT_TRUE(dataset.putAndInsertString(DcmTag(0x0010, 0x9999, EVR_PN), "Franklin^R").good());
                EXPECT_TRUE(dataset.putAndInsertString(DcmTag(0x0010, 0x9998, EVR_LO), "Franklin").good());
              }),
      ElementsAre("unknown element (0010,9999)", "unknown element (0010,9998)"));
  EXPECT_THAT(found({{DCM_BurnedInAnnotation, "YES"}, {DCM_ImageType, "DERIVED\\PRIMARY\\LABEL"}}),
              ElementsAre("BurnedInAnnotation", "label picture"));
  EXPECT_THAT(
      changed({},
              [](DcmItem& dataset) {
                const Uint8 one = 1;
                EXPECT_TRUE(dataset.putAndInsertUint8Array(DcmTag(0x6002, 0x3000, EVR_OB), &one, 1).good());
              }),
      ElementsAre("OverlayData"));
}

TEST_F(Privacy, WhatAFileSaysItKeptIsKept) {
  const test::DicomEdits dated{{DCM_StudyDate, "20010203"}, {DCM_AcquisitionTime, "101112"}};
  EXPECT_THAT(found(with(declared(), dated)), ElementsAre("AcquisitionTime", "StudyDate"));
  for (const char* word : {"MODIFIED", "REMOVED"})
    EXPECT_THAT(found(with(with(declared(), dated), {{DCM_LongitudinalTemporalInformationModified, word}})),
                IsEmpty());
  EXPECT_THAT(
      found(with(with(declared(), dated), {{DCM_LongitudinalTemporalInformationModified, "UNMODIFIED"}})),
      ElementsAre("AcquisitionTime", "StudyDate"));
  // Without the claim, moved dates are only words.
  EXPECT_THAT(found(with(dated, {{DCM_LongitudinalTemporalInformationModified, "MODIFIED"}})),
              ElementsAre("AcquisitionTime", "StudyDate"));
  EXPECT_THAT(found({{DCM_StudyDate, "19000101"}, {DCM_StudyTime, "000000.00"}}), IsEmpty());
  // No option keeps a date of birth.
  EXPECT_THAT(found(with(declared(), {{DCM_PatientBirthDate, "19200725"},
                                      {DCM_LongitudinalTemporalInformationModified, "MODIFIED"}})),
              ElementsAre("PatientBirthDate"));

  struct Case {
    const char* code;
    DcmTagKey tag;
    const char *text, *name;
  };
  const Case cases[] = {{"113105", DCM_SeriesDescription, "T1", "SeriesDescription"},
                        {"113107", DCM_StudyDate, "20010203", "StudyDate"},
                        {"113109", DCM_StationName, "MR1", "StationName"},
                        {"113112", DCM_InstitutionName, "Kings", "InstitutionName"},
                        {"113100", DCM_AccessionNumber, "815", "AccessionNumber"}};
  for (const Case& c : cases) {
    EXPECT_THAT(found(with(declared(), {{c.tag, c.text}})), ElementsAre(c.name));
    EXPECT_THAT(
        changed(with(declared(), {{c.tag, c.text}}), [&](DcmItem& dataset) { add_option(dataset, c.code); }),
        IsEmpty())
        << c.code;
    EXPECT_THAT(changed({{c.tag, c.text}}, [&](DcmItem& dataset) { add_option(dataset, c.code); }),
                ElementsAre(c.name))
        << c.code << " without PatientIdentityRemoved";
  }
  // What the profile removes is no stand-in, and full dates (113106) are the patient's own.
  EXPECT_THAT(changed(with(declared(), {{DCM_OperatorsName, "Gosling^Raymond"}, {DCM_StudyDate, "20010203"}}),
                      [](DcmItem& dataset) {
                        add_option(dataset, "113100");
                        add_option(dataset, "113106");
                      }),
              ElementsAre("OperatorsName", "StudyDate"));
  EXPECT_THAT(found({{DCM_PatientSex, "F"}}), ElementsAre("PatientSex"));
  EXPECT_THAT(found(with(declared(), {{DCM_PatientSex, "F"}, {DCM_PatientWeight, "60"}})), IsEmpty());
}

TEST_F(Privacy, ReadsFoldersToTheirEndsAndLoopsOnce) {
  fs::create_directories(folder_ / "study/a/b");
  test::write_slice(folder_ / "study/plain.dcm", "CT", 2, 0, 0);
  test::write_slice(folder_ / "study/a/b/named.dcm", "CT", 2, 0, 0, {{DCM_PatientName, "Franklin^R"}});
  test::write_slice(folder_ / "elsewhere/linked.dcm", "CT", 2, 0, 0, {{DCM_PatientAddress, "London"}});
  fs::create_directory_symlink("../..", folder_ / "study/a/up");
  fs::create_directory_symlink(folder_ / "study", folder_ / "study/a/again");
  fs::create_symlink("gone", folder_ / "study/dangling");
  write("study/empty", "");
  // `up` leads out of the study: what lies there is read with it.
  EXPECT_THAT(elements("study"), ElementsAre("PatientAddress", "PatientName"));
  EXPECT_THAT(elements("study#1.2.3.4"), ElementsAre("PatientAddress", "PatientName"));
}

TEST_F(Privacy, NamesWhatCannotBeLookedThrough) {
  test::write_slice(folder_ / "study/plain.dcm", "CT", 2, 0, 0);
  write("study/notes.txt", "Franklin, Rosalind");
  write("study/cut.dcm", std::string(128, '\0') + "DICM" + std::string(12, '\x7f'));
  fs::create_symlink("loop", folder_ / "study/loop");
  const Identity identity = identity_of(folder_ / "study");
  EXPECT_THAT(identity.elements, IsEmpty());
  EXPECT_THAT(identity.unchecked,
              UnorderedElementsAre(HasSubstr("notes.txt: its format is none that can be looked through"),
                                   HasSubstr("cut.dcm: "), HasSubstr("loop: ")));
  EXPECT_EQ(identity_of(folder_ / "nowhere"), Identity{});
}

TEST_F(Privacy, ManyPrivateElementsAreCounted) {
  std::vector<std::string> names{"PatientName"};
  for (int i = 1; i <= 6; ++i) names.push_back("private element (0009,100" + std::to_string(i) + ")");
  EXPECT_EQ(in_words(names),
            "PatientName, private element (0009,1001), private element (0009,1002), private element "
            "(0009,1003), private element (0009,1004) and 2 more private elements");
  EXPECT_EQ(in_words({"PatientName", "StudyDate"}), "PatientName, StudyDate");
}

TEST_F(Privacy, IsQuietOnWhatWasDeidentified) {
  PHOTO51_NEEDS_SHARED_DATA("dicom");
  const fs::path files = test::shared_data() / "dicom/files";
  // Collections of The Cancer Imaging Archive: names that are codes, moved dates, kept descriptions.
  for (const char* name : {"pet_no_dose.dcm", "pet_no_weight.dcm"})
    EXPECT_THAT(identity_of(files / name).elements, IsEmpty()) << name;
  // A file that claims as much and names somebody.
  EXPECT_THAT(identity_of(files / "seg_image_ct_binary.dcm").elements, Contains("PatientName"));
  EXPECT_THAT(identity_of(files / "CT_small.dcm").elements,
              AllOf(Contains("PatientName"), Contains("OtherPatientIDsSequence"), Contains("StudyDate"),
                    Contains("InstitutionName"), Contains(StartsWith("private element"))));
}

}  // namespace
}  // namespace photo51::imaging
