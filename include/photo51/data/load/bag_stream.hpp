#pragma once
/// Bags that need not lie in memory as a whole: their instances are decoded when they are asked for, so that
/// those that are encoded can be dropped.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/preprocess/histopathology/tiles.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::data {

/// Where the instances of one case's bag come from.
class BagSource {
 public:
  struct Instance {
    at::Tensor values;  ///< [C, ...]
    int64_t view = 0;
  };
  virtual ~BagSource() = default;
  /// How many there are, those that turn out to be damaged included.
  virtual int64_t count() const = 0;
  /// Instance number `index`, of those below `count`; called by several threads at once. Errors: those of
  /// reading.
  virtual Instance read(int64_t index) const = 0;
  struct Block {
    at::Tensor values;  ///< [n, ...]
    at::Tensor view;    ///< [n] int64
  };
  /// Instances `begin` to `begin + count - 1` at once, of a source that lies in rows; nothing: it is read one
  /// by one. Either all sources of a stream are read so, or none.
  virtual std::optional<Block> read_block(int64_t /*begin*/, int64_t /*count*/) const { return std::nullopt; }
  /// Where on its slide instance number `index` lies; nothing where it is no tile.
  virtual std::optional<preprocess::Tile> tile(int64_t /*index*/) const { return std::nullopt; }
  /// Reports that the bag goes on without an instance whose reading failed, or throws: that it may not.
  virtual void leave_out(int64_t index, const core::Error& why) const = 0;
  /// The file that it comes from, for messages.
  virtual std::string file(int64_t index) const = 0;
};

/// The instances of the bags of a batch, one bag after the other.
class BagStream {
 public:
  struct Bag {
    std::string case_id;
    std::shared_ptr<const BagSource> source;  ///< null: the case has no bag
  };
  struct Options {
    std::string input = {};           ///< its name, for messages; empty: whoever catches them adds it
    int64_t views = 1;                ///< what the instances' views count to
    std::vector<int64_t> shape = {};  ///< of an instance; empty: that of the first
    /// Whose threads decode ahead, as many instances as were last asked for; null: the calling thread
    /// decodes.
    std::shared_ptr<core::ThreadPool> pool = nullptr;
  };
  BagStream(std::vector<Bag> bags, Options options);
  /// Waits for the threads that decode for it. To be gone before its sources' loader is.
  ~BagStream();
  BagStream(const BagStream&) = delete;
  BagStream& operator=(const BagStream&) = delete;

  /// [n, C, ...], the next `count` instances that can be read, fewer at the end; undefined when there is none
  /// left. Errors: a bag of which no instance, or not enough of them, can be read; (data) instances of
  /// different sizes in one bag; (usage) bags of different sizes; (interrupted) while it waits.
  at::Tensor next(int64_t count);

  // Of the instances that `next` gave, on the host.
  at::Tensor offsets() const;          ///< [B + 1] int64, as of InputBatch
  at::Tensor view() const;             ///< [N] int64
  at::Tensor channel_present() const;  ///< [B, views] bool
  /// The number of each in its bag, which says what was left out.
  const std::vector<int64_t>& numbers() const { return numbers_; }

  /// The bag that made `next` throw, and the error as it was then.
  struct Failure {
    size_t bag;
    core::Error error;
  };
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  /// A place in the bags.
  struct Place {
    size_t bag = 0;
    int64_t index = 0;
  };
  /// Moves on to the next instance that there is; false at the end.
  bool settle(Place& place) const;
  int64_t left() const;
  void ask(int64_t ahead);
  BagSource::Instance read(const Place& place, int64_t ahead);
  /// Nothing where it is left out.
  std::optional<BagSource::Instance> read_or_leave_out(const Place& place, int64_t ahead);
  /// An Error that leaves `body` names case and input.
  template <class Body>
  auto in_context(const Bag& bag, const Body& body);
  /// The next one that can be read; nothing at the end.
  std::optional<BagSource::Instance> take(int64_t ahead);
  /// The next ones at once, at most `most`, of a source that is read so; else nothing.
  std::optional<at::Tensor> take_block(int64_t most);
  /// Notes that an instance of a bag has this shape. Errors: as of `next`.
  void require_same_shape(const Place& place, at::IntArrayRef shape);
  /// Counts what was read.
  void add(const Place& place, const BagSource::Instance& instance);

  std::vector<Bag> bags_;
  Options options_;
  Place taken_, asked_;
  bool in_blocks_ = false;  ///< known once something was taken
  std::deque<std::future<BagSource::Instance>> ahead_;
  std::vector<int64_t> lengths_, view_, numbers_;
  std::vector<std::vector<bool>> present_;  ///< by bag and view
  std::string shape_of_;                    ///< the case that gave `options_.shape`, where it was empty
  std::optional<Failure> failure_;
};

}  // namespace photo51::data
