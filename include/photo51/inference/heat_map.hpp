#pragma once
/// Where a model looked: the weight that a pool of bags gives each tile of a slide, as a table, a picture and
/// rectangles for QuPath. docs/slides.md.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"
#include "photo51/inference/case_result.hpp"
#include "photo51/inference/pipeline.hpp"

namespace photo51::inference {

struct HeatMapOptions {
  int64_t top_tiles = 8;  ///< pictures of the tiles of most attention; 0 = none
  int64_t pixels = 2048;  ///< along the longer side of a slide's picture, 64 to 16,384
};

/// What was written of one case's input.
struct HeatMap {
  std::string case_id, input;
  std::filesystem::path table;
  struct OfSlide {
    std::filesystem::path picture, geojson;  ///< empty: it could not be drawn
    int64_t width = 0, height = 0;           ///< of the slide in the picture; the legend lies below
  };
  std::vector<OfSlide> slides;  ///< empty where instances are no tiles
  struct Tile {
    std::filesystem::path picture;
    double attention = 0;
  };
  std::vector<Tile> top;             ///< from the most attention on
  std::vector<std::string> missing;  ///< what could not be written and why, in words
};

/// The inputs whose cases are bags and whose pool says the weight of each instance. Error (usage) that names
/// the pools that do: there is none.
std::vector<std::string> inputs_with_attention(const PipelineOptions& pipeline);

/// Writes the heat maps of cases one by one, so that nothing of them is held.
///
/// FOLDER/CASE/INPUT.attention.csv: of tiles `x,y,width,height,attention,percentile` (pixels of the slide's
/// finest level; mean over the model's members; 100 * rank / N, equals share their mean rank), before them
/// `slide` (from 1) where a case has several, behind them `score` where the pool scores instances, or
/// `score_1`, `score_2` … by class; of other bags `index,view,attention,percentile` and the scores.
/// FOLDER/CASE/INPUT.geojson: of tiles, a FeatureCollection of rectangles as QuPath (0.4 and later) imports
/// it. INPUT.heatmap.png: the slide with the percentiles over it, and a legend. INPUT.top/1.png …: the tiles
/// of most attention. Where a case has several slides these are INPUT.1.geojson, INPUT.1.heatmap.png ….
/// Signs in names that a file's name may not hold are written as `%2F`.
class HeatMapWriter {
 public:
  /// The cohort has to outlive it. Errors (usage): as of `inputs_with_attention`; numbers out of range.
  HeatMapWriter(const PipelineOptions& pipeline, const data::Cohort& cohort, const HeatMapOptions& options,
                std::filesystem::path folder);
  /// `result` of this cohort, with its attention (PredictOptions). A picture that cannot be drawn is logged,
  /// and goes to the cohort's warnings. Errors: data (a slide that changed since it was predicted), run (the
  /// disk).
  void write(const CaseResult& result);
  /// Logs how many more cases have what only the first were logged of.
  void summarise();
  const std::vector<HeatMap>& written() const { return written_; }

 private:
  void write_input(const CaseResult& result, int64_t row, const std::string& input);
  void note(HeatMap& map, const std::string& why);

  const data::Cohort& cohort_;
  HeatMapOptions options_;
  std::filesystem::path folder_;
  std::vector<std::string> inputs_;
  std::map<std::string, int64_t> rows_;  ///< by case
  std::vector<HeatMap> written_;
  std::map<std::pair<std::string, std::string>, int64_t> notes_;  ///< by input and text: how many cases
};

}  // namespace photo51::inference
