import { createHash } from 'node:crypto'
import { z } from 'zod'
import { judgeWallet } from '../../call/govern/judge-wallet.ts'
import { linkWallet, unlinkWallet } from '../../call/govern/link-wallet.ts'
import type { Address } from '../../payment/types.ts'
import { id, isoTime, name, pageQuery, version, versionOnly } from './fields.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

const KIND: Kind<'wallets'> = {
  resource: 'wallets',
  shape: (_desk, wallets) =>
    wallets.map((wallet) => ({
      object: 'wallet',
      id: wallet.id,
      organization_id: wallet.organizationId,
      principal_id: wallet.principalId,
      linked_at: isoTime(wallet.linkedAtMs),
      verdict: wallet.verdict ?? null,
      list_version: wallet.listVersion ?? null,
      screened_until: isoTime(wallet.screenedUntilMs),
      version: wallet.version,
      archived_at: isoTime(wallet.archivedAtMs),
    })),
}

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address: 0x and 40 hex digits')
  .transform((text) => text.toLowerCase() as Address)

/** What a wallet signs for: this link and no other. */
export const linkId = (link: { address: string; unitId: string }): string =>
  createHash('sha256').update(`turnpike link 1\n${link.address}\n${link.unitId}`).digest('base64url')

/** @param prove the wallet that has signed this request, asked where somebody else than the operator links one. */
export const walletRoutes = ({
  prove,
}: {
  prove: (given: { request: unknown; linkId: string }) => Address | undefined
}): readonly AdminRoute[] => [
  listing({
    path: '/wallets',
    id: 'listWallets',
    summary: 'Wallets that were linked or screened',
    permission: 'principals:read',
    kind: KIND,
    filters: { principal_id: 'principalId' },
    query: pageQuery(['principal_id']),
  }),
  showing({
    path: '/wallets/:id',
    id: 'getWallet',
    summary: 'One wallet by its address',
    permission: 'principals:read',
    kind: KIND,
  }),
  writing({
    path: '/wallets',
    id: 'linkWallet',
    summary:
      'Takes a wallet into a unit. A key sends the wallet’s SIGN-IN-WITH-X; without it 402 carries the challenge',
    permission: 'wallets:link',
    kind: KIND,
    isNew: true,
    body: z.strictObject({ address, unit_id: id, name: name.optional() }),
    decide: ({ desk, body, request }) => {
      const link = { address: body.address, unitId: body.unit_id }
      return linkWallet(desk, {
        ...link,
        name: body.name,
        prove: () => prove({ request, linkId: linkId(link) }),
      })
    },
  }),
  writing({
    method: 'put',
    path: '/wallets/:id/verdict',
    id: 'judgeWallet',
    summary: 'The operator’s word about a wallet: allow, deny, or none; it comes before any list',
    permission: 'wallets:link',
    kind: KIND,
    body: z.strictObject({ verdict: z.enum(['allow', 'deny', 'none']), version }),
    decide: ({ desk, params, body, version: seen }) =>
      judgeWallet(desk, {
        id: params['id'] ?? '',
        verdict: body.verdict,
        version: seen,
      }),
  }),
  writing({
    path: '/wallets/:id/unlink',
    id: 'unlinkWallet',
    summary: 'Lets a wallet go: it is nobody’s again',
    permission: 'wallets:link',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => unlinkWallet(desk, { address: params['id'] ?? '', version }),
  }),
]
