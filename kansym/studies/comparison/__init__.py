"""One problem set, several kinds of network: which give up the formula."""
