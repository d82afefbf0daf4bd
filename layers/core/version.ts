/** Of the API as its documents state it; the same as in package.json (a test compares). */
export const VERSION = '0.1.0'
