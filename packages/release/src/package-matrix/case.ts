import type { Tools } from './project.js'

/** One way of using the published packages. */
export interface Case {
  /** Set-up of the user's project, for example `TypeScript 5.9, node10`. */
  readonly name: string
  /** The settings that it needs, in Markdown. */
  readonly settings: string
  readonly tools: Tools
  /**
   * Contents of files, by their paths. A package.json is merged with the existing one, which lists what is installed.
   */
  readonly files: Readonly<Record<string, string>>
  /** Commands in the project, each a script for Node.js. */
  readonly steps: readonly (readonly string[])[]
  /** Pattern of the output of the last command. */
  readonly prints: RegExp
  /** Whether the last command must fail with that output, because this way does not work. */
  readonly isRefused?: boolean
  /** Whether the tests of each CI run try it too. The script tries all. */
  readonly isQuick?: boolean
}

/** Output of every program once it has handled the task that it sent. */
export const HANDLED: RegExp = /^handled 7$/m

/** Returns the fields of a package.json that npm does not write. */
export function packageJson(type: 'module' | 'commonjs'): string {
  return JSON.stringify({ name: 'project', version: '1.0.0', type })
}
