#pragma once
/// A small cohort on disk.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/modality/mri.hpp"
#include "photo51/data/options/inputs.hpp"
#include "support/shared_data.hpp"

namespace photo51::data {

inline TaskSpec label_spec(const std::string& head, const std::string& kind, const std::string& column = "",
                           const std::string& event = "") {
  TaskSpec spec;
  spec.head = head;
  spec.task = kind;
  spec.column = column.empty() ? head : column;
  spec.event_column = event;
  return spec;
}

/// Of any modality that is read from files.
template <class Options = MriOptions>
Options image_input(std::vector<std::string> channels, const std::string& mask = "") {
  Options options;
  options.channels = std::move(channels);
  options.mask = mask;
  return options;
}

/// The input that a config describes like this.
inline config::Choice read_input(const std::string& yaml) {
  struct OneInput {
    Inputs inputs;
    static void describe_to(config::Fields& f, OneInput& o) {
      f.choice_group("inputs", o.inputs, modalities(), "", {}, modality_key);
    }
  } described;
  config::Node whole = config::Node::map(), inputs = config::Node::map();
  inputs.set("in", config::parse_yaml(yaml, "c.yaml"));
  whole.set("inputs", inputs);
  config::read_section(
      whole, config::Section{[&](config::Fields& f) { OneInput::describe_to(f, described); }, {}, {}});
  return described.inputs.at(0).second;
}
template <class Options>
Options read_input_as(const std::string& yaml) {
  return read_input(yaml).template as<Options>();
}

/// What the Error that leaves `body` says, or "no error".
template <class Body>
std::string failure(core::Fault fault, Body&& body) {
  try {
    body();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), fault) << error.what();
    return error.what();
  }
  return "no error";
}

class CohortFolder : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    core::make_directories((folder_ / name).parent_path());
    core::write_file_atomic(folder_ / name, text);
  }
  CohortOptions options() const {
    CohortOptions made;
    made.manifest = folder_ / "cohort.csv";
    return made;
  }
  Cohort read(const std::string& manifest, const Inputs& inputs, std::vector<TaskSpec> labels = {},
              bool require = true) const {
    write("cohort.csv", manifest);
    return Cohort(options(), inputs, std::move(labels), require);
  }
  std::string data_failure(const std::string& manifest, const Inputs& inputs,
                           std::vector<TaskSpec> labels = {}) const {
    return failure(core::Fault::data, [&] { read(manifest, inputs, std::move(labels)); });
  }

  test::TemporaryFolder folder_;
};

}  // namespace photo51::data
