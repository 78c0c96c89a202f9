// Public keys and tokens that their private halves signed once, for tests of key sets.

/// The tokens are for "ann" until the year 2100; the private keys are nowhere.
enum KeySetFixture {
    /// Of the RSA key `k`, base64url; its exponent is `AQAB`.
    static let modulus = """
        sAegXIRtkiPCDuZ64F7dvYqSWcVkFZ-h0thtRurqktw7zRcpCrJDkIZ9WYf2oXZWuE36saGBkTN40-MBb_uwUMdZ\
        N8NWwjeyMRoeU4-wwz0bMKBO-RNv2YjSfp_OCy7jBBIdmIPQDuB2Skbui5PD1_URK9e_nEQVgvE3a2-7QWco7piD\
        L9maOFa_Owe3YjXvLOrQuoEnvhg09LJ9GfRktc3L7wEKbmmw_9zddomHb1veNz20xavscx1r5tTm2h6Lilglrh03\
        iy3c6eemM057jAvKHjZEx8XolcA5aasAe3fHIZR3WpSQtwm5IFF_XT-dV-VhUatrNI2w1mTs5kxsOw
        """

    /// Signed by `k` with RS256.
    static let rs256 = """
        eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.HKAdxWzJDSzr\
        LbPrS2-Hh27DT9zNMsmfV-X9MDEzugf7wqvumnodo1_SPM-ACOZk0G19X3q9UL-i5VNReVd7X6fug58NBDFGwgU_\
        4sKWv0nqhLZF8WEaYurBT5V6jmQUOr2YUChu3GPPTzi38TxmArszyWMPpAu1aAAuHKpNR6HYuSKSSqr4bHx-XlCD\
        rQlLrxTAPyL6FK_jXUXCb-MgBc-ufWziA7dfHyfsok5GPzKNPz-N_GBF5epvGFnFAR2-iXmgsyF0jiCallFbrLa_\
        NLAdx1UD7KgoxTIwTWkRIBvbEP8ldtn8ryB_HJrXuG--xp40Ygax33C2qLAWL4LZCw
        """

    /// Signed by `k` with RS384.
    static let rs384 = """
        eyJhbGciOiJSUzM4NCIsImtpZCI6ImsifQ.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.fV1Ra1ssfHAu\
        OmAYHr7EkjKiR0YuCaLlI9zvrf_GBLG64YWIEzI4ZBktE41yQFNe7kuVhqHDf020GLdwwFlk-4PADByDGe-6ps0L\
        uh8FAX4PZrLVr8kT2xVMEh0YxtdNWsnwfrV51vxtWdtwfGSfMzjRRzXKKma3IdIGu2nvIatmA-n2gfehG0V7paOl\
        GqrCT22tcuUzeBeQrxIn8vEVDA6pZBN2fCrtjRZAdY78z2zvRyowfIrFVU4euO-UgDoUzdghMV-QWOqIdlzHzh8k\
        DQqBq3WxJ8D70qKeW1RT-gk4mCROVnELl9lLcUFa8bhfz47azC2kmDGjgDLNkpyTIg
        """

    /// Signed by `k` with PS256.
    static let ps256 = """
        eyJhbGciOiJQUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.AM-b7_L7mnY0\
        Ho8MAoyrAqXNZoNzwlhD8MMbVQFhODpQYIHlRVDpO2yQ4SjsLS5euUlXL04HmW4ig0pOfp0bFLNki0PtmptkIbIA\
        _3IGIKKP4oZruSvsVzZ84i-o6yal2U2WuOnBpxUhc1hh7DbrGo9c-CGU816oPddGR2DfDBWAA85TuR07NifTXUpi\
        TV604IwuqU-1tOM6sPLU9f6KqIhSxkTXjaUcgBO8VUEOPvNZ4qo2iv-_a6OxlX78usuP8_ePxciY7oiUc4b4d2Zj\
        JpEJhSdYPEp4D7u9GqHBP33kc_cqruH0A7vc_DgWxckX_nHy3QFZWF062cTiXTxw2Q
        """

    /// Names `k` and RS512; another key signed it.
    static let forged = """
        eyJhbGciOiJSUzUxMiIsImtpZCI6ImsifQ.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.g_X3aq51onsx\
        eZ2aSuxPH-vmMFSOQnLi2VBhORzRTUMhCxOgTHsUHwMI-IergOiTTk2lC5auf-wMZo0QJXtoCC2CmPz_HVljr8ua\
        0ZYa0kmP_7YxltKzcPQIzk5ipywxgKngS2wolfCfkC0Ioefy0BrpcT5jwEurGhIFR4hK2abDuuMKj6T8XReKDncj\
        4qEQ9L43ypFlu6EJTu4NXLpYOSh1BIKaNvwov-jXmNfeMGWAkLfhuJZ6-iLTMwAbhjh2swFX-u30yplrAQ82UNDH\
        98jDOORXZW4LIasKuaq_eiULCoMz4Y-0HN-BRfL8wAA9HErIyh-f7ON50LETFrXMww
        """

    /// Members of a key of P-256.
    static let curve = #"""
        "kty":"EC","crv":"P-256",\#
        "x":"J3XaPPHfrgTSXXZPa2tBe241GUGwbZZ3_wC-NqJ4QMM",\#
        "y":"FielOZEpTl7EPyMRWZrVs12Maz8UJNzagmrn6gD28Bs"
        """#

    /// Signed by the key of P-256; names no key.
    static let es256 = """
        eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.vt-UkPSVlC7mHkNR2XN-LlPcMG\
        jhki_8OAMVWTEFNL1uUdVu7PntnFEVStZjPgh8939FW57lCwKdTBUXCSssBQ
        """
}
