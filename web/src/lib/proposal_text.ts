// Why a search made a proposal, in a few words and its own numbers.
import type { Proposal } from '../api/types.ts'
import { fixed, isNumber } from './format.ts'

export function reasonOf(one: Proposal): string {
  if (one.basis === 'not asked') return ''
  if (one.basis === 'quasi-random') return 'spread over the space: there is no model yet'
  if (!one.model || !isNumber(one.model.mean) || !isNumber(one.model.best) || !isNumber(one.model.standard_deviation)) return ''
  const below = one.model.best - one.model.mean, deviations = below / one.model.standard_deviation
  const where = below <= 0 ? 'its mean is above the best' : deviations < 0.05 ? 'its mean is near the best' : `the best lies ${fixed(deviations, 1)} deviations above its mean`
  return one.exploits ? `taken for its mean, since others run: ${where}` : where
}
