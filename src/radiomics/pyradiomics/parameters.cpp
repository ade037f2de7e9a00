// Parameter files of PyRadiomics 3.0.1 as documents of the profile `pyradiomics`.
#include <algorithm>
#include <array>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "photo51/radiomics/pyradiomics/pyradiomics.hpp"

namespace photo51::radiomics {
namespace {

using config::Node;
using Names = std::vector<std::string>;
using Kind = Node::Kind;

enum class Use {
  same,      ///< a key of the profile
  nullable,  ///< the same, and nothing means PyRadiomics's default
  filter,    ///< of one image type
  none,      ///< changes no feature here
  channel
};

struct Setting {
  const char* name;
  Use use;
  const char* image_type = nullptr;  ///< of a filter
};

constexpr std::array kSettings{Setting{"minimumROIDimensions", Use::same},
                               Setting{"minimumROISize", Use::nullable},
                               Setting{"label", Use::same},
                               Setting{"label_channel", Use::channel},
                               Setting{"geometryTolerance", Use::none},
                               Setting{"correctMask", Use::none},
                               Setting{"additionalInfo", Use::none},
                               Setting{"normalize", Use::same},
                               Setting{"normalizeScale", Use::same},
                               Setting{"removeOutliers", Use::nullable},
                               Setting{"resampledPixelSpacing", Use::nullable},
                               Setting{"interpolator", Use::nullable},
                               Setting{"padDistance", Use::same},
                               Setting{"preCrop", Use::same},
                               Setting{"resegmentRange", Use::nullable},
                               Setting{"resegmentMode", Use::same},
                               Setting{"resegmentShape", Use::same},
                               Setting{"binWidth", Use::same},
                               Setting{"binCount", Use::nullable},
                               Setting{"voxelArrayShift", Use::same},
                               Setting{"force2D", Use::same},
                               Setting{"force2Ddimension", Use::same},
                               Setting{"distances", Use::same},
                               Setting{"weightingNorm", Use::nullable},
                               Setting{"symmetricalGLCM", Use::same},
                               Setting{"gldm_a", Use::same},
                               Setting{"sigma", Use::filter, "LoG"},
                               Setting{"wavelet", Use::filter, "Wavelet"},
                               Setting{"level", Use::filter, "Wavelet"},
                               Setting{"start_level", Use::filter, "Wavelet"},
                               Setting{"gradientUseSpacing", Use::filter, "Gradient"},
                               Setting{"lbp2DRadius", Use::filter, "LBP2D"},
                               Setting{"lbp2DSamples", Use::filter, "LBP2D"},
                               Setting{"lbp2DMethod", Use::filter, "LBP2D"},
                               Setting{"lbp3DLevels", Use::filter, "LBP3D"},
                               Setting{"lbp3DIcosphereRadius", Use::filter, "LBP3D"},
                               Setting{"lbp3DIcosphereSubdivision", Use::filter, "LBP3D"}};

const Names kSections{"setting", "voxelSetting", "imageType", "featureClass"};

/// Features that PyRadiomics knows, warns of and has no value for.
bool has_no_value(const std::string& feature) {
  static const std::set<std::string> names{"glcm_Dissimilarity",
                                           "glcm_Homogeneity1",
                                           "glcm_Homogeneity2",
                                           "glcm_SumVariance",
                                           "gldm_GrayLevelNonUniformityNormalized",
                                           "gldm_DependencePercentage"};
  return names.contains(feature);
}

const Setting* find_setting(const std::string& name) {
  const auto* found =
      std::find_if(kSettings.begin(), kSettings.end(), [&](const Setting& one) { return name == one.name; });
  return found == kSettings.end() ? nullptr : found;
}

/// Error unless all keys of the map are among `known`: names all the others.
void check_keys(const Node& map, const std::string& section, const Names& known) {
  Names unknown;
  const Node* first = nullptr;
  for (const auto& [key, value] : map.entries) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string near = core::nearest_name(key, known);
    unknown.push_back("`" + key + "`" + (near.empty() ? "" : " (did you mean `" + near + "`?)"));
    if (first == nullptr) first = &value;
  }
  if (first == nullptr) return;
  core::fail_usage(first->where() + ": " + (section.empty() ? "a parameter file of PyRadiomics" : section) +
                   " has no key " + core::join(unknown, ", ") +
                   " in PyRadiomics 3.0.1, so that nothing would come of it; remove it");
}

[[noreturn]] void fail_without_value(const Node& node, const std::string& name) {
  core::fail_usage(node.where() + ": `" + name + "` has no value; give one or remove the key");
}

/// The spellings of Python where YAML has others too.
void respell(Node& node) {
  for (Node& item : node.items) respell(item);
  for (auto& entry : node.entries) respell(entry.second);
  if (node.kind != Kind::scalar || node.quoted) return;
  if (node.text == "True" || node.text == "TRUE") node.text = "true";
  if (node.text == "False" || node.text == "FALSE") node.text = "false";
  if (node.text == ".nan" || node.text == ".NaN" || node.text == ".NAN") node.text = "nan";
}

/// A section as a map; empty where the file lacks it.
Node section_of(const Node& document, const std::string& name) {
  const Node* found = document.find(name);
  if (found == nullptr) return Node::map();
  const bool settings = name == "setting" || name == "voxelSetting";
  if (found->kind == Kind::null && settings) return Node::map();
  if (found->kind == Kind::null) fail_without_value(*found, name);
  if (found->kind != Kind::map)
    core::fail_usage(found->where() + ": `" + name + "` is a map of keys, not " + found->kind_name());
  Node section = *found;
  respell(section);
  return section;
}

class Translation {
 public:
  Translation(const Node& document, Names& warnings)
      : settings_(section_of(document, "setting")),
        voxels_(section_of(document, "voxelSetting")),
        types_(section_of(document, "imageType")),
        classes_(section_of(document, "featureClass")),
        warnings_(warnings) {
    check_keys(document, "", kSections);
    Names known;
    for (const Setting& one : kSettings) known.emplace_back(one.name);
    check_keys(settings_, "setting", known);
    check_keys(voxels_, "voxelSetting", {"kernelRadius", "maskedKernel", "initValue", "voxelBatch"});
    // What has no value is an image type with the usual settings.
    for (auto& [name, type] : types_.entries) {
      if (type.kind == Kind::null) {
        type.kind = Kind::map;
        type.text.clear();
      }
      if (type.kind == Kind::map)
        std::erase_if(type.entries, [](const Node::Entry& one) { return one.second.kind == Kind::null; });
    }
  }

  Node profile() {
    Node result = Node::map();
    if (!classes_.entries.empty()) result.set("featureClass", features());
    for (const auto& [name, value] : settings_.entries) add(result, name, value);
    drop_resampling(result);
    if (!types_.entries.empty()) result.set("imageType", types_);
    return result;
  }

  Node voxelwise() const {
    Node result = Node::map();
    result.set("outside", Node::scalar("0"));
    for (const auto& [name, value] : voxels_.entries) {
      if (value.kind == Kind::null) fail_without_value(value, "voxelSetting." + name);
      if (name == "kernelRadius") result.set("radius", value);
      if (name == "maskedKernel") result.set("masked", value);
      if (name == "initValue") result.set("outside", value);
    }
    if (result.find("outside")->text == "nan") result.erase("outside");
    return result;
  }

 private:
  Node features() {
    Node list = Node::sequence();
    for (const auto& [name, chosen] : classes_.entries) {
      const auto append = [&list = list, &chosen = chosen](const std::string& text) {
        Node item = Node::scalar(text, true);
        item.file = chosen.file;
        item.line = chosen.line;
        list.items.push_back(std::move(item));
      };
      if (chosen.kind != Kind::null && chosen.kind != Kind::sequence)
        core::fail_usage(chosen.where() + ": `featureClass." + name + "` is a list of features, not " +
                         chosen.kind_name());
      if (chosen.items.empty()) append(name);
      for (const Node& item : chosen.items) {
        if (item.kind != Kind::scalar)
          core::fail_usage(chosen.where() + ": `featureClass." + name + "` lists features by name, not " +
                           item.kind_name());
        const std::string feature = name + "_" + item.text;
        if (has_no_value(feature))
          warnings_.push_back(chosen.where() + ": " + feature +
                              " is left out: PyRadiomics 3.0.1 has no value for it either");
        else
          append(feature);
      }
    }
    if (list.items.empty())
      core::fail_usage(classes_.where() +
                       ": `featureClass` lists only features that PyRadiomics 3.0.1 has no "
                       "value for; name others");
    list.file = classes_.file;
    list.line = classes_.line;
    return list;
  }

  void add(Node& result, const std::string& name, const Node& value) {
    const Setting& setting = *find_setting(name);
    if (setting.use == Use::none) return;
    if (value.kind == Kind::null) {
      if (setting.use != Use::nullable && setting.use != Use::channel) fail_without_value(value, name);
      no_interpolator_ = no_interpolator_ || name == "interpolator";
      return;
    }
    if (setting.use == Use::channel) {
      if (value.text != "0")
        core::fail_usage(value.where() +
                         ": `label_channel` other than 0 is not read here; name the channel's own mask file");
    } else if (setting.use == Use::filter) {
      Node* type = types_.find(setting.image_type);  // of a type that is not wanted it says nothing
      if (type != nullptr && type->kind == Kind::map && type->find(name) == nullptr) type->set(name, value);
    } else if (name == "interpolator") {
      result.set(name, by_name(value));
    } else {
      result.set(name, value);
    }
  }

  /// SimpleITK's numbers are names too.
  static Node by_name(Node value) {
    if (value.text == "1") value.text = "sitkNearestNeighbor";
    if (value.text == "2") value.text = "sitkLinear";
    if (value.text == "3") value.text = "sitkBSpline";
    return value;
  }

  void drop_resampling(Node& result) {
    if (!no_interpolator_ || result.find("resampledPixelSpacing") == nullptr) return;
    warnings_.push_back(settings_.where() +
                        ": `interpolator` is nothing, so that `resampledPixelSpacing` has no effect, as in "
                        "PyRadiomics");
    result.erase("resampledPixelSpacing");
  }

  Node settings_, voxels_, types_, classes_;
  Names& warnings_;
  bool no_interpolator_ = false;
};

}  // namespace

bool is_parameter_file(const Node& document) {
  return document.kind == Kind::map && std::any_of(kSections.begin(), kSections.end(), [&](const auto& name) {
           return document.find(name) != nullptr;
         });
}

Node from_parameter_file(const Node& document, Names& warnings) {
  Translation translation(document, warnings);
  Node result = Node::map();
  result.set("profile", Node::scalar("pyradiomics"));
  result.set("pyradiomics", translation.profile());
  result.set("voxelwise", translation.voxelwise());
  return result;
}

config::Node load_settings(const std::filesystem::path& path, Names& warnings) {
  std::string text;
  try {
    text = core::read_file(path, core::most_of_a_config);
  } catch (const core::Error& error) {
    core::fail_usage(std::string("config ") + error.what());
  }
  const Node document = config::parse_yaml(text, path.string());
  // In a file of ours nothing means nothing: `Wavelet:` would leave the wavelets out without a word.
  return is_parameter_file(document) ? from_parameter_file(document, warnings) : config::load_document(path);
}

}  // namespace photo51::radiomics
