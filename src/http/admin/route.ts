import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { AdminFilters, GovernedResource, GovernedResources } from '../../call/admin-ports.ts'
import type { Decision, Desk } from '../../call/govern/desk.ts'
import type { Permission } from '../../governance/roles/permissions.ts'

export type Json = Readonly<Record<string, unknown>>
type Fields = z.ZodObject

/** A request that was read: names of its path, fields of its body and query as their schemas have made them. */
export type Given<Body = Json> = {
  readonly desk: Desk
  readonly params: Readonly<Record<string, string>>
  readonly body: Body
  readonly query: Json
  /** What its sender has seen: `If-Match`, or `version` in the body. */
  readonly version?: number
  readonly request: Request
  readonly response: Response
}

/**
 * One route of administration: the only place that names its permission, its fields and what it answers. Router, document and tests are made
 * of these.
 */
export type AdminRoute = {
  readonly method: 'get' | 'post' | 'put' | 'patch'
  /** As express writes it. */
  readonly path: `/${string}`
  readonly id: string
  readonly summary: string
  readonly permission: Permission
  readonly body?: Fields
  readonly query?: Fields
  readonly act: Act
}

type Act =
  | {
      readonly kind: 'write'
      readonly shape: Shape
      readonly status: 200 | 201
      readonly decide: (given: Given) => Decision | Promise<Decision>
    }
  | { readonly kind: 'get'; readonly resource: GovernedResource; readonly shape: Shape }
  | {
      readonly kind: 'list'
      readonly resource: GovernedResource
      readonly shape: Shape
      /** Query names of filters by those of the store. */
      readonly filters: Readonly<Record<string, string>>
    }
  /** Answers by itself: JSON that is returned, or whatever it has written. */
  | { readonly kind: 'other'; readonly answer: (given: Given) => Promise<Json | undefined> }

/** How records are written on the wire. */
export type Shape = (desk: Desk, records: readonly never[]) => Promise<readonly Json[]> | readonly Json[]

/** One kind of record: its name on the wire and its shape. */
export type Kind<Resource extends GovernedResource> = {
  readonly resource: Resource
  readonly shape: (
    desk: Desk,
    records: readonly GovernedResources[Resource][],
  ) => Promise<readonly Json[]> | readonly Json[]
}

type Told = Pick<AdminRoute, 'path' | 'id' | 'summary' | 'permission'>

/** A route that changes something. */
export const writing = <Resource extends GovernedResource, Body extends Fields>({
  kind: { shape },
  method = 'post',
  isNew = false,
  decide,
  ...told
}: Told & {
  readonly kind: Kind<Resource>
  readonly method?: 'post' | 'put' | 'patch'
  /** Whether it makes a record. */
  readonly isNew?: boolean
  readonly body: Body
  readonly decide: (given: Given<z.output<Body>>) => Decision | Promise<Decision>
}): AdminRoute => ({
  ...told,
  method,
  act: {
    kind: 'write',
    shape,
    status: isNew ? 201 : 200,
    decide: decide as (given: Given) => Decision | Promise<Decision>,
  },
})

/** A route that shows one record. */
export const showing = <Resource extends GovernedResource>({
  kind: { resource, shape },
  ...told
}: Told & { readonly kind: Kind<Resource> }): AdminRoute => ({
  ...told,
  method: 'get',
  act: { kind: 'get', resource, shape },
})

/** A route that shows a page of them. */
export const listing = <Resource extends GovernedResource>({
  kind: { resource, shape },
  filters,
  query,
  ...told
}: Told & {
  readonly kind: Kind<Resource>
  readonly filters: Readonly<Record<string, AdminFilters[Resource]>>
  readonly query: Fields
}): AdminRoute => ({
  ...told,
  method: 'get',
  query,
  act: { kind: 'list', resource, shape, filters },
})
