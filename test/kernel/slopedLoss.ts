// The losses written down a second time, for central differences: as a value, and as the function whose slope training
// follows.

import { LOG_SCALE_MAX, LOG_SCALE_MIN, type Loss, type Network } from '../../src/kernel/network.ts';

/** What the head says at every step, before scales are clamped: steps × O. */
type Outputs = readonly Float64Array[];

/** Mean loss of all known targets. */
export function plainLoss(net: Network, outputs: Outputs, targets: Float64Array): number {
  return meanOver(net, targets, (t, m, target) => {
    const [y, s] = [outputs[t]![m]!, outputs[t]![net.M + m]!];
    return net.shape.loss.kind === 'student'
      ? negativeLogLikelihood(net.shape.loss.freedom, y - target, clamp(s))
      : plainOf(net.shape.loss, y - target);
  });
}

/**
 * The function of `outputs` whose derivative at `outputs` = `base` is the one that training follows. But for Student's
 * loss that is the loss itself. There the derivative by a mean is scaled by σ², which is not differentiated, and that
 * by a log scale is halved. No loss has these two derivatives, but this sum has:
 *
 *   σ̄²·nll(y, s̄) + ½·nll(ȳ, s)
 *
 * in which what bears a bar is frozen at the base. A scale that is clamped counts in nll as its bound. From there it
 * moves with the raw one if nll falls inward, so that it is let back in, and not at all if nll falls outward.
 */
export function slopedLoss(net: Network, outputs: Outputs, base: Outputs, targets: Float64Array): number {
  const { loss } = net.shape;
  if (loss.kind !== 'student') return plainLoss(net, outputs, targets);
  return meanOver(net, targets, (t, m, target) => {
    const [y, s] = [outputs[t]![m]!, outputs[t]![net.M + m]!];
    const [yBase, rawBase] = [base[t]![m]!, base[t]![net.M + m]!];
    const sBase = clamp(rawBase);
    const ofMean = Math.exp(2 * sBase) * negativeLogLikelihood(loss.freedom, y - target, sBase);
    const ofScale = (at: number): number => 0.5 * negativeLogLikelihood(loss.freedom, yBase - target, at);
    const rises = ofScale(sBase + 1e-3) > ofScale(sBase - 1e-3);
    const stays = rises ? rawBase <= LOG_SCALE_MIN : rawBase >= LOG_SCALE_MAX;
    return ofMean + ofScale(stays ? sBase : sBase + (s - rawBase));
  });
}

function meanOver({ M }: Network, targets: Float64Array, of: (t: number, m: number, target: number) => number): number {
  const known = [...targets.entries()].filter(([, target]) => !Number.isNaN(target));
  const losses = known.map(([i, target]) => of(Math.floor(i / M), i % M, target));
  return losses.reduce((sum, loss) => sum + loss, 0) / known.length;
}

function plainOf(loss: Exclude<Loss, { readonly kind: 'student' }>, e: number): number {
  if (loss.kind === 'squared') return e ** 2 / 2;
  const size = Math.abs(e);
  return size <= loss.delta ? e ** 2 / 2 : loss.delta * (size - loss.delta / 2);
}

/** Of Student's t with scale e^s, without its constant. */
function negativeLogLikelihood(freedom: number, e: number, s: number): number {
  return s + ((freedom + 1) / 2) * Math.log(1 + (e / Math.exp(s)) ** 2 / freedom);
}

function clamp(s: number): number {
  return Math.min(LOG_SCALE_MAX, Math.max(LOG_SCALE_MIN, s));
}
