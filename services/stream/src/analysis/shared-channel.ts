/** Channel on which those who analyse partitions tell what matters to other sessions. */
export const SHARED_CHANNEL = "analysis-shared";
