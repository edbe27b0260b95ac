import type { Address } from '../../payment/types.ts'
import { fail, ok, type Verdict } from './verdict.ts'

/** Who may do what must not be one and the same: a stolen key would take what is kept apart from it. */
export function judgeKeys({
  signer,
  till,
  receiverAuthorizer,
  payTo,
}: {
  readonly signer: Address
  readonly till: Address
  readonly receiverAuthorizer: Address
  readonly payTo: Address
}): readonly Verdict[] {
  const keys = [
    ['TURNPIKE_SIGNER_KEY', signer],
    ['TURNPIKE_TILL_KEY', till],
    ['TURNPIKE_RECEIVER_AUTHORIZER_KEY', receiverAuthorizer],
  ] as const
  const hot = keys
    .filter(([, address]) => address === payTo)
    .map(([variable]) =>
      fail({
        name: 'keys',
        seen: `${variable} is the key of TURNPIKE_PAY_TO (${payTo}), so the revenue lies on a hot key.`,
        fix: 'Set TURNPIKE_PAY_TO to an address whose key is on no server.',
      }),
    )
  const shared = keys.flatMap(([variable, address], index) =>
    keys
      .slice(index + 1)
      .filter(([, other]) => other === address)
      .map(([other]) =>
        fail({
          name: 'keys',
          seen: `${variable} and ${other} are the same key (${address}).`,
          fix: `Give ${other} a key of its own.`,
        }),
      ),
  )
  const found = [...hot, ...shared]
  return found.length > 0
    ? found
    : [
        ok(
          'keys',
          `signer ${signer}, till ${till}, receiver authorizer ${receiverAuthorizer}; none is payTo ${payTo}`,
        ),
      ]
}
