import type { Version } from '../broker/rules/profile.js'
import type { Lab } from './lab.js'

/** What a broker is expected to do: the same in every version, or by version. */
export type Expectation = { readonly same: unknown } | { readonly byVersion: Readonly<Record<Version, unknown>> }

/** One thing that a broker does, and how to see it. */
export interface ConformanceCase {
  /** A sentence that says what the broker does. */
  readonly name: string
  readonly area: string
  readonly expected: Expectation
  /** Does it with a raw client. @returns what was observed */
  readonly run: (lab: Lab) => Promise<unknown>
}

/** What a case expects of a version. */
export function expectedOf({ expected }: ConformanceCase, version: Version): unknown {
  return 'same' in expected ? expected.same : expected.byVersion[version]
}

/** Collects the cases of an area. */
export class CaseList {
  readonly area: string
  readonly cases: ConformanceCase[] = []

  constructor(area: string) {
    this.area = area
  }

  /** Adds a case of which all versions make the same. */
  same(name: string, expected: unknown, run: (lab: Lab) => Promise<unknown>): void {
    this.cases.push({ name, area: this.area, expected: { same: expected }, run })
  }

  /** Adds a case in which versions differ: 3.10, 4.0, 4.3. */
  differs(
    name: string,
    [v310, v40, v43]: readonly [unknown, unknown, unknown],
    run: (lab: Lab) => Promise<unknown>,
  ): void {
    this.cases.push({ name, area: this.area, expected: { byVersion: { '3.10': v310, '4.0': v40, '4.3': v43 } }, run })
  }
}
