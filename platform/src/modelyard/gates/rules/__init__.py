"""The contract's rules, and the engines that can check them."""
