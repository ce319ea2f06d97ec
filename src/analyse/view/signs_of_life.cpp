#include "analyse/view/signs_of_life.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "analyse/view/tuning.h"

namespace rearview {
namespace {

using namespace view_tuning::signs_of_life;
using view_tuning::kBlock;

double flow(const cv::Mat& before, const cv::Mat& now) {
  std::vector<double> flows;
  for (int top = 1; top + kFlowPatch < now.rows; top += kFlowPatch) {
    for (int left = 1; left + kFlowPatch < now.cols; left += kFlowPatch) {
      int gradient = 0;
      int change = 0;
      for (int y = top; y < top + kFlowPatch - 1; ++y) {
        const std::uint8_t* above = now.ptr(y - 1);
        const std::uint8_t* row = now.ptr(y);
        const std::uint8_t* below = now.ptr(y + 1);
        const std::uint8_t* old = before.ptr(y);
        for (int x = left; x < left + kFlowPatch - 1; ++x) {
          const int across = row[x + 1] - row[x - 1];
          const int down = below[x] - above[x];
          const int by = row[x] - old[x];
          gradient += across * across + down * down;
          change += by * by;
        }
      }
      // Central differences span two pixels.
      const double squares = gradient / 4.0;
      if (squares > kLeastGradient * (kFlowPatch - 1) * (kFlowPatch - 1))
        flows.push_back(std::sqrt(change / squares));
    }
  }
  if (flows.size() < kLeastFlows) return -1;
  const auto at = flows.begin() +
                  static_cast<std::ptrdiff_t>(kFlowQuantile * static_cast<double>(flows.size()));
  std::nth_element(flows.begin(), at, flows.end());
  return *at;
}

// Sum of the rows without the four neighbours among them that hold most.
template <typename Rows>
double without_overlay(const Rows& rows) {
  double all = 0;
  for (const double value : rows) all += value;
  double most = 0;
  for (std::size_t top = 0; top + kOverlayRows <= rows.size(); ++top) {
    double sum = 0;
    for (std::size_t i = top; i < top + kOverlayRows; ++i) sum += rows[i];
    most = std::max(most, sum);
  }
  return all - most;
}

}  // namespace

void SignsOfLife::reset() {
  const double silent_s = silent_s_;
  *this = SignsOfLife();
  silent_s_ = silent_s;
}

void SignsOfLife::see(const cv::Mat& luma, double t_s) {
  const double passed_s = started_ ? std::max(0.0, t_s - last_s_) : 0;
  started_ = true;
  last_s_ = t_s;
  silent_s_ += std::min(passed_s, kMostPassed_s);
  cv::Mat little;
  cv::Mat cells;
  cv::resize(luma, little, kLittle, 0, 0, cv::INTER_AREA);
  cv::resize(little, cells, kCells, 0, 0, cv::INTER_AREA);
  const bool noise = noisy(luma, passed_s);
  if (anew_) refines_until_s_ = t_s + kRefines_s;
  const bool refines = t_s < refines_until_s_;
  const bool found = goes_round(cells);
  if (found) round_until_s_ = t_s + kLoopLasts_s;
  const bool round = t_s < round_until_s_;
  const bool dead = stands_dead(little, refines, t_s);
  const bool moved = !refines && moves(cells);
  if (moved) {
    // What moves isn't noise.
    std::fill(energy_.begin(), energy_.end(), 0.0F);
    std::fill(votes_.begin(), votes_.end(), 0.0);
  }
  // What moved until it was found was the loop.
  if (round && !round_) silent_s_ = std::max(silent_s_, kLoopTakes_s);
  round_ = round;
  if ((moved || noise) && !round && !dead) silent_s_ = 0;
}

bool SignsOfLife::moves(const cv::Mat& cells) {
  if (kept_cells_.empty()) {
    kept_cells_ = cells;
    return false;
  }
  std::array<double, 45> rows{};
  for (int y = 0; y < cells.rows; ++y) {
    const std::uint8_t* now = cells.ptr(y);
    const std::uint8_t* before = kept_cells_.ptr(y);
    int moved = 0;
    for (int x = 0; x < cells.cols; ++x) moved += std::abs(now[x] - before[x]) >= kMoved;
    rows[static_cast<std::size_t>(y)] = moved;
  }
  if (without_overlay(rows) < kLeastMoved) return false;
  kept_cells_ = cells;
  return true;
}

bool SignsOfLife::noisy(const cv::Mat& luma, double passed_s) {
  const int across = luma.cols / kBlock;
  const int down = luma.rows / kBlock;
  const int every = std::max(2, (down + kMostBlockRows - 1) / kMostBlockRows);
  const int rows = down / every;
  const cv::Size size(across * kBlock, rows * kBlock);
  if (size.area() == 0) return false;
  const bool first = last_.size() != size;
  if (first) {
    last_.create(size, CV_8UC1);
    steps_.assign(static_cast<std::size_t>(size.area()), 0);
    energy_.assign(static_cast<std::size_t>(across * rows), 0.0F);
    votes_.assign(static_cast<std::size_t>(rows), 0.0);
  }
  const double keeps = std::exp(-passed_s / kVotesLast_s);
  int changed = 0;
  for (int row = 0; row < rows; ++row) {
    double votes = 0;
    for (int column = 0; column < across; ++column) {
      const std::size_t block = static_cast<std::size_t>(row * across + column);
      std::int16_t* before = &steps_[block * kBlock * kBlock];
      std::array<std::int16_t, kBlock * kBlock> step;
      int energy = 0;
      int together = 0;
      for (int y = 0; y < kBlock; ++y) {
        const std::uint8_t* now = luma.ptr(row * every * kBlock + y) + column * kBlock;
        std::uint8_t* old = last_.ptr(row * kBlock + y) + column * kBlock;
        for (int x = 0; x < kBlock; ++x) {
          const int by = now[x] - old[x];
          const auto at = static_cast<std::size_t>(y * kBlock + x);
          step[at] = static_cast<std::int16_t>(by);
          energy += by * by;
          together += by * before[at];
          old[x] = now[x];
        }
      }
      if (first || static_cast<float>(energy) <= kChanged) continue;
      ++changed;
      float& energy_before = energy_[block];
      if (energy_before > 0)
        votes -= together / std::sqrt(static_cast<double>(energy) * energy_before);
      std::copy(step.begin(), step.end(), before);
      energy_before = static_cast<float>(energy);
    }
    double& kept = votes_[static_cast<std::size_t>(row)];
    kept = keeps * kept + (1 - keeps) * votes;
  }
  const double share = static_cast<double>(changed) / (across * rows);
  share_ *= std::exp(-std::min(passed_s, kAnewMostPassed_s) / kAnewMemory_s);
  anew_ = share > kAnewShare && share > kAnewTimes * share_;
  if (anew_) std::fill(energy_.begin(), energy_.end(), 0.0F);
  share_ = std::max(share_, share);
  return without_overlay(votes_) > kNoise * across * rows;
}

bool SignsOfLife::goes_round(const cv::Mat& cells) {
  double nearest = 1e9;
  for (std::size_t lag = 1; lag <= cells_.size(); ++lag) {
    const double apart = cv::norm(cells, cells_[lag - 1], cv::NORM_L1) / kCells.area();
    const bool first = lag > longest_lag_;
    longest_lag_ = std::max(longest_lag_, lag);
    apart_[lag] += (first ? 1 : kLoopGain) * (apart - apart_[lag]);
    if (lag > 1) nearest = std::min(nearest, apart_[lag]);
  }
  cells_.push_front(cells);
  if (cells_.size() > kLongestLoop) cells_.pop_back();
  return apart_[1] > kLoopMoves && nearest < kLoopShare * apart_[1];
}

double SignsOfLife::speed_of(const cv::Mat& little, double t_s) const {
  if (littles_.empty()) return -1;
  const Kept& far = littles_.front();
  const double px = flow(far.picture, little);
  if (px < 0 || t_s - far.t_s < kShortSpan_s) return -1;
  const auto near = std::find_if(littles_.rbegin(), littles_.rend(), [t_s](const Kept& kept) {
    return t_s - kept.t_s >= kShortSpan_s;
  });
  const double lately = flow(near->picture, little) / (t_s - near->t_s);
  return px < kMostFlow_px ? std::min(lately, px / (t_s - far.t_s)) : lately;
}

bool SignsOfLife::stands_dead(const cv::Mat& little, bool refines, double t_s) {
  while (littles_.size() > 1 && littles_[1].t_s <= t_s - kFlowSpan_s) littles_.pop_front();
  if (littles_.size() == kMostLittles) littles_.pop_front();
  const double speed = speed_of(little, t_s);
  littles_.push_back({t_s, little});
  if (speed < 0) {
    moving_since_s_.reset();
    return dead_;
  }
  if (speed > std::max(kMovesAgain_px_per_s, kMovesAgainShare * speed_before_) && !refines)
    dead_ = false;
  while (!flows_.empty() && t_s - flows_.front().t_s > kRecently_s) flows_.pop_front();
  if (flows_.size() == kMostFlows) flows_.pop_front();
  flows_.push_back({t_s, speed});
  double most = 0;
  for (const Flow& recent : flows_) most = std::max(most, recent.px_per_s);
  if (speed >= std::max(kMoves_px_per_s, kStillMoves * most)) {
    if (!moving_since_s_) moving_since_s_ = t_s;
    moving_s_ = t_s;
  } else if (moving_since_s_) {
    const bool at_once = t_s - moving_s_ <= kStopsWithin_s;
    const bool stands = speed <= std::max(kStands_px_per_s, kStandsShare * most);
    if (stands && at_once && moving_s_ - *moving_since_s_ >= kMovedFor_s) {
      dead_ = true;
      speed_before_ = most;
    }
    if (!at_once || dead_) moving_since_s_.reset();
  }
  return dead_;
}

}  // namespace rearview
