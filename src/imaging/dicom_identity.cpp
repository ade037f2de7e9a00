#include "imaging/dicom_identity.hpp"

#include "imaging/dicom_element.hpp"

namespace photo51::imaging {

std::vector<std::string> identity_in(DcmItem& dataset) {
  const std::pair<DcmTagKey, const char*> elements[] = {
      {DCM_PatientName, "PatientName"},
      {DCM_PatientBirthDate, "PatientBirthDate"},
      {DCM_PatientBirthName, "PatientBirthName"},
      {DCM_OtherPatientNames, "OtherPatientNames"},
      {DCM_PatientMotherBirthName, "PatientMotherBirthName"},
      {DCM_PatientAddress, "PatientAddress"},
      {DCM_PatientTelephoneNumbers, "PatientTelephoneNumbers"},
      {DCM_ResponsiblePerson, "ResponsiblePerson"}};
  const std::string id = text_of(dataset, DCM_PatientID);
  std::vector<std::string> names;
  for (const auto& [tag, name] : elements) {
    const std::string value = text_of(dataset, tag);
    if (!value.empty() && value != id) names.emplace_back(name);
  }
  return names;
}

}  // namespace photo51::imaging
