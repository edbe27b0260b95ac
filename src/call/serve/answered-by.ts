import type { Catalog } from '../../catalog/types.ts'
import type { FinishedCall } from '../types.ts'

/** The call under the model that has answered it, which is another one than planned where that has stepped in. */
export function answeredBy<Call extends FinishedCall>({
  finished,
  catalog,
}: {
  finished: Call
  catalog: Catalog
}): Call {
  const { capture, candidates, model } = finished
  const modelId = candidates.find(({ id }) => id === capture.endpointId)?.modelId
  const answered = modelId === undefined ? undefined : catalog.models.get(modelId)
  return answered && answered !== model ? { ...finished, model: answered } : finished
}
