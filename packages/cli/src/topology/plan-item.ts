/** One line of a plan. */
export interface PlanItem {
  /**
   * `add`: it is missing, and `apply` makes it. `differs`: it exists otherwise, and RabbitMQ refuses the declaration.
   * `missing`: others
   * declare it, and it is not there. `left`: it is there and no contract has it; it is told and never removed.
   */
  readonly change: 'add' | 'differs' | 'missing' | 'left'
  readonly kind: 'queue' | 'exchange' | 'binding' | 'policy'
  readonly name: string
  readonly argument?: string
  readonly declared?: unknown
  readonly existing?: unknown
  /** The ways out, in sentences. */
  readonly waysOut?: readonly string[]
}

/** Whether something is to be done. What is left over is only told. */
export function isToDo({ change }: PlanItem): boolean {
  return change !== 'left'
}
