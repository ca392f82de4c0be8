"""The plant as the judge of the static logic: failures, alone and in pairs, are run until nothing moves any more."""
