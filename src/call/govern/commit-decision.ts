import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { AdminCommitted, GovernedResource, GovernedResources } from '../admin-ports.ts'
import { actorOf, tenantOf } from './asker.ts'
import type { Decision, Desk } from './desk.ts'
import { notThere } from './directory.ts'

export type Done = {
  readonly resource: GovernedResource
  readonly record: GovernedResources[GovernedResource]
  readonly once: Readonly<Record<string, string>>
  readonly isRepeat: boolean
}

/** A key of one asker is no key of another's. */
const nameOf = ({ asker, request: { idempotency } }: Desk) =>
  idempotency && {
    ...idempotency,
    key: `${asker.kind === 'operator' ? 'operator' : asker.rules.principal.id}:${idempotency.key}`,
  }

/**
 * Decides and commits a request, or finds that it was done before under its Idempotency-Key: then nothing is decided again, since what it was
 * decided on has changed by its own doing. Secrets are shown the first time alone.
 *
 * @param decide reads what is there and says what is to change; it asks for the permission.
 * @throws TurnpikeError of the decision; `version_conflict`, `name_taken`, `idempotency_conflict`.
 */
export async function commitDecision({
  desk,
  decide,
}: {
  desk: Desk
  decide: () => Promise<Decision>
}): Promise<Done> {
  const { asker, request, dependencies, nowMs, permission } = desk
  const { store } = dependencies
  const idempotency = nameOf(desk)
  const findRepeat = () => idempotency && store.findRepeat({ tenant: tenantOf(asker), ...idempotency })
  const repeated = async (committed: AdminCommitted): Promise<Done> => {
    const [first] = committed.changed
    if (!first) throw new TurnpikeError('idempotency_conflict')
    return { ...(await read(desk, first)), once: {}, isRepeat: true }
  }
  const before = await findRepeat()
  if (before) return repeated(before)
  try {
    const { organizationId, changes, unchanged, events, answer, once = {} } = await decide()
    if (!desk.wasAsked()) throw new RangeError('A decision was made without asking for a permission.')
    if (changes.length === 0) return { ...(await read(desk, answer)), once, isRepeat: false }
    const committed = await store.commit({
      organizationId,
      // What is answered comes first: a repeat finds it there.
      changes: changes.toSorted((one, other) => Number(isOf(other, answer)) - Number(isOf(one, answer))),
      ...(unchanged ? { unchanged } : {}),
      ...(events ? { events } : {}),
      actor: actorOf(asker),
      via: request.via,
      action: permission,
      requestId: request.id,
      addressDigest: request.addressDigest,
      ...(idempotency ? { idempotency } : {}),
      atMs: nowMs,
    })
    if (committed.isRepeat) return await repeated(committed)
    return { ...(await read(desk, answer)), once, isRepeat: false }
  } catch (error) {
    // The same request at the same time was quicker, and what it did is in the way of this one.
    const meanwhile = error instanceof TurnpikeError ? await findRepeat() : undefined
    if (meanwhile) return repeated(meanwhile)
    throw error
  }
}

const isOf = (
  change: { readonly resource: GovernedResource; readonly value: { readonly id: string } },
  { resource, id }: Decision['answer'],
) => change.resource === resource && change.value.id === id

/** As it stands after the commit; what was looked up before it is old. */
async function read(desk: Desk, { resource, id }: Decision['answer']) {
  const record = await desk.dependencies.store.get({ resource, tenant: tenantOf(desk.asker), id })
  if (!record) throw notThere(resource)
  return { resource, record }
}
