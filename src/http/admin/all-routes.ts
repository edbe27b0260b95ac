import type { Request } from 'express'
import type { HttpDependencies } from '../dependencies.ts'
import { requireSignIn } from '../signed-in.ts'
import { ALERT_ROUTES } from './alerts.ts'
import { AUDIT_ROUTES } from './audit.ts'
import { BUDGET_ROUTES } from './budgets.ts'
import { KEY_ROUTES } from './keys.ts'
import { LOGIN_ROUTES } from './logins.ts'
import { ORGANIZATION_ROUTES } from './organizations.ts'
import { POLICY_ROUTES } from './policies.ts'
import { PRINCIPAL_ROUTES } from './principals.ts'
import { RATE_ROUTES } from './rates.ts'
import { RIGHTS_ROUTES } from './roles.ts'
import type { AdminRoute } from './route.ts'
import { UNIT_ROUTES } from './units.ts'
import { walletRoutes } from './wallets.ts'
import { WEBHOOK_ROUTES } from './webhooks.ts'

/** Everything that organisations are administered by: router, document and tests are made of this list. */
export const allRoutes = (dependencies: HttpDependencies): readonly AdminRoute[] => [
  ...ORGANIZATION_ROUTES,
  ...UNIT_ROUTES,
  ...PRINCIPAL_ROUTES,
  ...LOGIN_ROUTES,
  ...walletRoutes({
    prove: ({ request, linkId }) =>
      requireSignIn({ request: request as Request, dependencies, requestId: linkId }).payer,
  }),
  ...RIGHTS_ROUTES,
  ...KEY_ROUTES,
  ...POLICY_ROUTES,
  ...BUDGET_ROUTES,
  ...RATE_ROUTES,
  ...WEBHOOK_ROUTES,
  ...ALERT_ROUTES,
  ...AUDIT_ROUTES,
]
