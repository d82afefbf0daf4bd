/** What cold-start.ts compares with: the least that a function can be. */
export const handler = async () => ({ statusCode: 204 })
