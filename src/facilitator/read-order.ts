import { createHash } from 'node:crypto'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { networkOfV1Name, parseNetwork } from '../payment/tokens/networks.ts'
import {
  addressAt,
  atomicAt,
  type Fields,
  hasField,
  malformed,
  objectAt,
  textAt,
} from '../payment/check/payload-fields.ts'
import {
  decodeEip3009,
  decodePermit2,
  type Eip3009Payload,
  type Permit2Payload,
} from '../payment/check/payload-schemes.ts'
import { chainNonceKey } from '../payment/check/payment-key.ts'
import type { Address, Network } from '../payment/types.ts'
import type { Order } from './types.ts'

/**
 * Reads the body of `POST /verify` and `POST /settle`: x402 v2 (`exact`, `upto`) or v1 (`exact`).
 *
 * @throws TurnpikeError payment_malformed and payment_unsupported, each naming its field.
 */
export function readOrder(body: unknown): Order {
  const root = objectAt({ of: { value: { body }, path: '' }, name: 'body' })
  const of: Fields = { value: root.value, path: '' }
  const payload = objectAt({ of, name: 'paymentPayload' })
  const requirements = objectAt({ of, name: 'paymentRequirements' })
  const { x402Version } = payload.value
  if (x402Version !== 1 && x402Version !== 2)
    throw new TurnpikeError('payment_unsupported', { param: 'paymentPayload.x402Version' })
  const scheme = schemeOf({ requirements, x402Version })
  const networkName = textAt({ of: requirements, name: 'network' })
  const network = networkOf({ networkName, x402Version })
  // What the payer accepted names the scheme as well; of v1 the payload itself does.
  const accepted = x402Version === 2 ? objectAt({ of: payload, name: 'accepted' }) : payload
  demandSame({ of: accepted, name: 'scheme', value: scheme })
  demandSame({ of: accepted, name: 'network', value: networkName })
  const payment = paymentOf({ payload: objectAt({ of: payload, name: 'payload' }), scheme, x402Version })
  const asset = addressAt({ of: requirements, name: 'asset' })
  return {
    x402Version,
    scheme,
    network,
    networkName,
    asset,
    payTo: addressAt({ of: requirements, name: 'payTo' }),
    amountAtomic: atomicAt({ of: requirements, name: x402Version === 2 ? 'amount' : 'maxAmountRequired' }),
    payment,
    key: keyOf({ payment, network, asset }),
    fingerprint: createHash('sha256')
      .update(JSON.stringify([payload.value, requirements.value]))
      .digest('base64url'),
    payload: payload.value,
    requirements: requirements.value,
  }
}

function schemeOf({ requirements, x402Version }: { requirements: Fields; x402Version: 1 | 2 }) {
  const scheme = textAt({ of: requirements, name: 'scheme' })
  if (scheme === 'exact' || (scheme === 'upto' && x402Version === 2)) return scheme
  throw new TurnpikeError('payment_unsupported', { param: 'paymentRequirements.scheme' })
}

function networkOf({ networkName, x402Version }: { networkName: string; x402Version: 1 | 2 }): Network {
  const network = x402Version === 2 ? parseNetwork(networkName) : networkOfV1Name(networkName)
  if (!network) throw new TurnpikeError('payment_unsupported', { param: 'paymentRequirements.network' })
  return network
}

function demandSame({ of, name, value }: { of: Fields; name: string; value: string }): void {
  if (textAt({ of, name }) === value) return
  throw new TurnpikeError('payment_malformed', {
    param: `${of.path}.${name}`,
    message: `"${of.path}.${name}" must be what paymentRequirements says.`,
  })
}

/**
 * Two payments in one payload would be two readings of it: what is looked at and paid here must be what is looked at there.
 */
function paymentOf({
  payload,
  scheme,
  x402Version,
}: {
  payload: Fields
  scheme: Order['scheme']
  x402Version: 1 | 2
}): Order['payment'] {
  const isPermit2 = hasField({ of: payload, name: 'permit2Authorization' })
  if (isPermit2 && hasField({ of: payload, name: 'authorization' }))
    throw malformed({
      of: payload,
      name: 'authorization',
      need: 'the only payment: permit2Authorization is there too',
    })
  if (isPermit2 && x402Version === 1)
    throw new TurnpikeError('payment_unsupported', { param: 'paymentPayload.payload.permit2Authorization' })
  return isPermit2 || scheme === 'upto' ? decodePermit2({ payload, scheme }) : decodeEip3009(payload)
}

function keyOf({
  payment,
  network,
  asset,
}: {
  payment: Eip3009Payload | Permit2Payload
  network: Network
  asset: Address
}): string {
  const { from: payer, nonce } = payment
  const key =
    payment.type === 'permit2'
      ? chainNonceKey({ network, payer, method: 'permit2', nonce: payment.nonce })
      : chainNonceKey({ network, payer, method: 'eip3009', token: asset, nonce: payment.nonce })
  return `${typeof nonce === 'bigint' ? 'permit2' : 'eip3009'} ${Buffer.from(key).toString('base64url')}`
}
