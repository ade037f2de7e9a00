#pragma once
/// Encoders of tables: expression, clinical columns, lesion descriptors. values [B, F] -> one token [B, 1,
/// D].

#include <memory>
#include <vector>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/radiogenomics/options.hpp"

namespace photo51::radiogenomics {

/// The table encoders that a config may name. Open: other code adds its own, see config/components.hpp.
config::Catalogue<backbones::BuildEncoder>& table_encoders();

/// What they share: the check of the width, and that only present rows are encoded.
class TableEncoder : public backbones::Encoder {
 public:
  explicit TableEncoder(int64_t features) : features_(features) {}
  /// Error (data) when the batch has another number of features.
  backbones::Tokens encode(const data::InputBatch& input) override;

 protected:
  /// [P, F] -> [P, D].
  virtual at::Tensor embed(const at::Tensor& rows) = 0;

 private:
  int64_t features_;
};

/// Self-normalising network: linear, SELU, alpha dropout, for each of `hidden`; LeCun normal initialisation
/// (Klambauer et al., NeurIPS 2017).
class Snn : public TableEncoder {
 public:
  Snn(const SnnOptions& options, int64_t features);
  int64_t width() const override { return options_.hidden.back(); }

 protected:
  at::Tensor embed(const at::Tensor& rows) override;

 private:
  SnnOptions options_;
  std::vector<std::shared_ptr<nn::Linear>> layers_;
};

/// The table's features as they are.
class IdentityEncoder : public TableEncoder {
 public:
  IdentityEncoder(const IdentityOptions& options, int64_t features);
  int64_t width() const override { return width_; }

 protected:
  at::Tensor embed(const at::Tensor& rows) override;

 private:
  double dropout_;
  int64_t width_;
};

/// A linear map of the table's features. Error (usage) without a width.
class LinearEncoder : public TableEncoder {
 public:
  LinearEncoder(const LinearOptions& options, int64_t features);
  int64_t width() const override { return width_; }

 protected:
  at::Tensor embed(const at::Tensor& rows) override;

 private:
  double dropout_;
  int64_t width_;
  std::shared_ptr<nn::Linear> linear_;
};

}  // namespace photo51::radiogenomics
