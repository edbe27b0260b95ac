import type { Endpoint, Model, ModelKind } from '../../catalog/types.ts'
import type { RequestNeeds } from '../../chat/request-needs.ts'

/** What a request needs of a model, before anything is priced. */
export type RouteNeeds = Partial<RequestNeeds> & {
  readonly inputBoundTokens: number
  readonly callerOutputCap?: number
  /** `chat` where absent. */
  readonly kind?: ModelKind
}

const takes = (model: Model, modality: 'image' | 'audio') =>
  model.inputModalities !== 'unknown' && model.inputModalities.includes(modality)

/** Whether a model is known to do what a request needs: what is unknown is not guessed at the caller's expense. */
export function isAble({ model, needs }: { model: Model; needs: RouteNeeds }): boolean {
  if (model.kind !== (needs.kind ?? 'chat')) return false
  if (needs.tools && model.tools !== true) return false
  if (needs.structuredOutput && model.structuredOutput !== true) return false
  if (needs.images && !takes(model, 'image')) return false
  return !needs.audio || takes(model, 'audio')
}

const roomFor = (needs: RouteNeeds) => needs.inputBoundTokens + (needs.callerOutputCap ?? 1)

/** Whether input and cap are known to fit into a model's context. */
export const hasRoom = ({ model, needs }: { model: Model; needs: RouteNeeds }): boolean =>
  model.contextTokens !== 'unknown' && model.contextTokens >= roomFor(needs)

/** Whether a provider that sells a model with less context than usual takes this input. */
export const takesInput = ({ endpoint, needs }: { endpoint: Endpoint; needs: RouteNeeds }): boolean =>
  endpoint.contextTokens === undefined || endpoint.contextTokens >= roomFor(needs)
